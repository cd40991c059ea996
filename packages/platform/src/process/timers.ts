import { setTimeout as sleep } from 'node:timers/promises'

export interface EveryOptions {
  /** Called when a run throws; the next run follows as usual. */
  onError: (error: unknown) => void
  /** Stops the runs, like disposing. */
  signal?: AbortSignal | undefined
}

/**
 * Runs `task` now and again `intervalMs` after each run has ended, so runs never overlap. Disposing aborts the signal that
 * the task gets, ends the wait, and resolves once the current run is over. Errors of a run that was aborted are dropped.
 */
export function every(
  intervalMs: number,
  task: (signal: AbortSignal) => unknown,
  { onError, signal }: EveryOptions,
): AsyncDisposable {
  const disposed = new AbortController()
  const stop = AbortSignal.any([disposed.signal, ...(signal ? [signal] : [])])
  async function loop(): Promise<void> {
    while (!stop.aborted) {
      try {
        await task(stop)
      } catch (error) {
        if (!stop.aborted) onError(error)
      }
      await sleep(intervalMs, undefined, { signal: stop }).catch(() => {})
    }
  }
  const done = loop()
  return {
    async [Symbol.asyncDispose]() {
      disposed.abort()
      await done
    },
  }
}

/** The value of `work`, or undefined if it takes longer than `ms`. The work itself goes on. */
export async function withTimeout<Value>(ms: number, work: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
