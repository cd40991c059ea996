import type { StoreEvent } from './types.ts'

/** The latest changes of one resource, and the version before which they are forgotten. */
export interface History {
  push(version: number, event: StoreEvent): void
  since(version: number): StoreEvent[] | undefined
  forget(upTo: number): void
}

interface Entry {
  version: number
  event: StoreEvent
}

export function createHistory(limit: number): History {
  let entries: Entry[] = []
  let floor = 0

  return {
    push(version, event) {
      entries.push({ version, event })
      // Cutting only at twice the limit keeps the cost of a change constant on average.
      if (entries.length < 2 * limit) return
      floor = entries[entries.length - limit - 1]?.version ?? version
      entries = entries.slice(-limit)
    },
    since(version) {
      if (version < floor) return undefined
      return entries.slice(firstAfter(entries, version)).map((entry) => entry.event)
    },
    forget(upTo) {
      entries = []
      floor = upTo
    },
  }
}

function firstAfter(entries: readonly Entry[], version: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle] as Entry).version <= version) low = middle + 1
    else high = middle
  }
  return low
}
