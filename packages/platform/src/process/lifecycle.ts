import closeWithGrace from 'close-with-grace'
import type { Logger } from '../telemetry/logger.ts'

/** What a process has open. */
export interface Lifecycle {
  /** Registers how something that was opened is closed again. */
  onClose(name: string, release: () => unknown): void
  /** Closes everything, the newest first, each after the one before it is done. A release that fails is logged and the rest go on. */
  close(): Promise<void>
}

export function createLifecycle(log: Logger): Lifecycle {
  const releases: { name: string; release: () => unknown }[] = []
  return {
    onClose: (name, release) => void releases.push({ name, release }),
    async close() {
      for (let next = releases.pop(); next; next = releases.pop()) {
        try {
          await next.release()
          log.debug({ closed: next.name }, 'closed')
        } catch (err) {
          log.error({ err, closing: next.name }, 'could not be closed cleanly')
        }
      }
    },
  }
}

/** Closes at SIGTERM, SIGINT and their like, and exits 0; at an error that nobody caught, logs it, closes and exits 1. */
export function closeOnSignal(lifecycle: Lifecycle, log: Logger, timeoutMs: number): void {
  const options = {
    delay: timeoutMs,
    logger: false,
    onTimeout: () => log.error({ timeoutMs }, 'not stopped in time'),
    onSecondSignal: (signal: string) => log.warn({ signal }, 'told again to stop: stopping at once'),
    onSecondError: (err: unknown) => log.fatal({ err }, 'another error while stopping'),
  } as const
  closeWithGrace(options, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'an error that nobody caught: stopping')
    else log.info({ signal }, 'stopping')
    await lifecycle.close()
    log.info('stopped')
  })
}
