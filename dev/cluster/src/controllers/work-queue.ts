import { startTimer } from './timer.ts'

export interface WorkQueue {
  /** Has the key processed soon: once, however often it was added until then. */
  add(key: string): void
  /** Sets the key's one alarm, in place of any before: `add` after so many milliseconds. Undefined takes it back. */
  wakeAfter(key: string, delayMs: number | undefined): void
  /** Drops what waits. Later calls do nothing. */
  stop(): void
}

/**
 * Processes keys one after the other, in the order of their coming. Store listeners only add keys, so that a change is never
 * made from within the notice of another.
 */
export function createWorkQueue(
  handle: (key: string) => void,
  onError: (key: string, error: unknown) => void,
): WorkQueue {
  const waiting = new Set<string>()
  const alarms = new Map<string, NodeJS.Timeout>()
  let turn: NodeJS.Immediate | undefined
  let stopped = false

  function add(key: string): void {
    if (stopped) return
    waiting.add(key)
    turn ??= setImmediate(work)
  }

  function work(): void {
    turn = undefined
    // A long queue must not starve the API server, which shares this thread.
    let left = keysPerTurn
    for (const key of waiting) {
      if (left === 0) break
      left -= 1
      waiting.delete(key)
      try {
        handle(key)
      } catch (error) {
        onError(key, error)
      }
    }
    if (waiting.size > 0 && !stopped) turn ??= setImmediate(work)
  }

  function wakeAfter(key: string, delayMs: number | undefined): void {
    clearTimeout(alarms.get(key))
    alarms.delete(key)
    if (delayMs === undefined || stopped) return
    const ring = (): void => {
      alarms.delete(key)
      add(key)
    }
    alarms.set(key, startTimer(delayMs, ring))
  }

  function stop(): void {
    stopped = true
    waiting.clear()
    clearImmediate(turn)
    for (const alarm of alarms.values()) clearTimeout(alarm)
    alarms.clear()
  }

  return { add, wakeAfter, stop }
}

const keysPerTurn = 64
