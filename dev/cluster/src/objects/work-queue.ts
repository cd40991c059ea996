export interface WorkQueue {
  /** Schedules the key for processing, once however often it is added before that. */
  add(key: string): void
  /** Calls `add` after this delay, replacing the key's earlier alarm. Undefined cancels it. */
  wakeAfter(key: string, delayMs: number | undefined): void
  /** Drops pending keys. Later calls do nothing. */
  stop(): void
}

/**
 * Processes keys one by one in the order of arrival. Store listeners only add keys, so a controller never writes while
 * another change is being delivered.
 */
export function createWorkQueue(handle: (key: string) => void): WorkQueue {
  const waiting = new Set<string>()
  const alarms = new Map<string, NodeJS.Timeout>()
  let scheduled: NodeJS.Immediate | undefined
  let stopped = false

  function add(key: string): void {
    if (stopped) return
    waiting.add(key)
    scheduled ??= setImmediate(work)
  }

  function work(): void {
    scheduled = undefined
    // A long queue must not starve the API server, which shares this thread.
    let left = KEYS_PER_TICK
    for (const key of waiting) {
      if (left === 0) break
      left -= 1
      waiting.delete(key)
      try {
        handle(key)
      } catch (error) {
        reportError(key, error)
      }
    }
    if (waiting.size > 0 && !stopped) scheduled ??= setImmediate(work)
  }

  return {
    add,
    wakeAfter(key, delayMs) {
      clearTimeout(alarms.get(key))
      alarms.delete(key)
      if (delayMs === undefined || stopped) return
      const ring = (): void => {
        alarms.delete(key)
        add(key)
      }
      alarms.set(key, startTimer(delayMs, ring))
    },
    stop() {
      stopped = true
      waiting.clear()
      clearImmediate(scheduled)
      for (const alarm of alarms.values()) clearTimeout(alarm)
      alarms.clear()
    },
  }
}

const KEYS_PER_TICK = 64

/** A bug of the development cluster: it must not stop the others' work, but must be seen. */
export function reportError(key: string, error: unknown): void {
  console.error(`devcluster: controller failed for ${key}`, error)
}

/** Like `setTimeout`, but a delay beyond its range waits as long as possible instead of firing at once. */
export function startTimer(delayMs: number, action: () => void): NodeJS.Timeout {
  return setTimeout(action, Math.min(delayMs, 2 ** 31 - 1))
}
