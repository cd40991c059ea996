import { Hono } from 'hono'
import type { Registry } from 'prom-client'

/** What an operator's tools ask every process. */
export interface Operations {
  registry: Registry
  /** Why the process can't do its work now; undefined when it can. */
  unready: () => Promise<string | undefined> | string | undefined
}

/** `/healthz`, `/readiness` and `/metrics`, at the paths that OpenFero uses. */
export function operationsApp({ registry, unready }: Operations): Hono {
  return new Hono()
    .get('/healthz', (c) => c.text('ok'))
    .get('/readiness', async (c) => {
      const reason = await unready()
      return reason === undefined ? c.text('ok') : c.text(reason, 503)
    })
    .get('/metrics', async (c) => c.text(await registry.metrics(), 200, { 'Content-Type': registry.contentType }))
}
