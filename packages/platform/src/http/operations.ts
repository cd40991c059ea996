import { Hono } from 'hono'
import type { Registry } from 'prom-client'
import type { Address } from '../config/values.ts'
import type { Lifecycle } from '../process/lifecycle.ts'
import type { Logger } from '../telemetry/logger.ts'
import { serveHttp } from './serve.ts'

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

/** Serves them on a listener of their own where one is asked for; else returns them, to be served beside the rest. */
export async function placeOperations(
  operations: Hono,
  addr: Address | undefined,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): Promise<Hono | undefined> {
  if (!addr) return operations
  const server = await serveHttp(operations, addr)
  lifecycle.onClose('operations server', () => server.close())
  log.info(server.address, 'operations are listening')
  return undefined
}
