import closeWithGrace from 'close-with-grace'
import type { Logger } from '../telemetry/logger.ts'

/** The resources that a process has open. */
export interface Lifecycle {
  /** Registers how to release a resource. */
  onClose(name: string, release: () => unknown): void
  /** Releases everything, last in first out and one at a time. A failed release is logged, and the rest follow. */
  close(): Promise<void>
}

export function createLifecycle(log: Logger): Lifecycle {
  const stack = new AsyncDisposableStack()
  let late = Promise.resolve()
  let closed: Promise<void> | undefined

  async function closeOne(name: string, release: () => unknown): Promise<void> {
    try {
      await release()
      log.debug({ closed: name }, 'closed')
    } catch (err) {
      log.error({ err, closing: name }, 'close failed')
    }
  }

  return {
    onClose(name, release) {
      if (!stack.disposed) return stack.defer(() => closeOne(name, release))
      // A signal came while the process was starting; this was opened after the stack was closed.
      const closing = closeOne(name, release)
      late = late.then(() => closing)
    },
    close: () => (closed ??= stack.disposeAsync().then(() => late)),
  }
}

/** Closes on SIGTERM, SIGINT and the like, and exits 0. On an uncaught error, logs it, closes and exits 1. */
export function closeOnSignal(lifecycle: Lifecycle, log: Logger, timeoutMs: number): void {
  const options = {
    delay: timeoutMs,
    logger: false,
    onTimeout: () => log.error({ timeoutMs }, 'shutdown timed out'),
    onSecondSignal: (signal: string) => log.warn({ signal }, 'second signal; exiting now'),
    onSecondError: (err: unknown) => log.fatal({ err }, 'another error during shutdown'),
  } as const
  closeWithGrace(options, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'uncaught error; shutting down')
    else log.info({ signal }, 'stopping')
    await lifecycle.close()
    log.info('stopped')
  })
}
