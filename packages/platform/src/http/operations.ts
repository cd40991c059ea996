import { Hono } from 'hono'
import type { Registry } from 'prom-client'
import type { Address } from '../config/values.ts'
import type { Lifecycle } from '../process/lifecycle.ts'
import type { Logger } from '../telemetry/logger.ts'
import { serveHttp } from './serve.ts'

export interface Operations {
  registry: Registry
  /** Why the process can't do its work at the moment; undefined if it can. */
  unready: () => Promise<string | undefined> | string | undefined
}

/** `/healthz`, `/readiness` and `/metrics`, at OpenFero's paths. */
export function operationsApp({ registry, unready }: Operations): Hono {
  return new Hono()
    .get('/healthz', (c) => c.text('ok'))
    .get('/readiness', async (c) => {
      const reason = await unready()
      return reason === undefined ? c.text('ok') : c.text(reason, 503)
    })
    .get('/metrics', async (c) => c.text(await registry.metrics(), 200, { 'Content-Type': registry.contentType }))
}

/** Serves them on a separate listener if `addr` is set; otherwise returns them, for the main app to mount. */
export async function mountOperations(
  operations: Hono,
  addr: Address | undefined,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): Promise<Hono | undefined> {
  if (!addr) return operations
  const server = await serveHttp(operations, addr)
  lifecycle.onClose('operations server', () => server.close())
  log.info(server.address, 'operations server listening')
  return undefined
}
