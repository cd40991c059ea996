/** A limited number of slots, given out in the order of the requests. */
export interface Slots {
  /** False if the signal came first. */
  take(signal: AbortSignal): Promise<boolean>
  free(): void
}

export function createSlots(count: number): Slots {
  let left = count
  const waiting = new Set<() => void>()

  return {
    take(signal) {
      if (signal.aborted) return Promise.resolve(false)
      if (left > 0) {
        left -= 1
        return Promise.resolve(true)
      }
      return new Promise((resolve) => {
        const give = (): void => {
          signal.removeEventListener('abort', giveUp)
          resolve(true)
        }
        const giveUp = (): void => {
          waiting.delete(give)
          resolve(false)
        }
        waiting.add(give)
        signal.addEventListener('abort', giveUp, { once: true })
      })
    },
    free() {
      const [next] = waiting
      if (!next) {
        left += 1
        return
      }
      waiting.delete(next)
      next()
    },
  }
}
