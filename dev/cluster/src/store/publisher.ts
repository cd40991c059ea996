import type { StoreEvent } from './types.ts'

export type Listener = (event: StoreEvent) => void

export interface Publisher {
  publish(event: StoreEvent): void
  subscribe(listener: Listener): () => void
}

/**
 * Tells every listener of every event, in order even when a listener changes the store and so publishes the next event:
 * that one waits until all have heard of this one.
 */
export function createPublisher(): Publisher {
  const listeners = new Set<Listener>()
  const pending: StoreEvent[] = []
  let publishing = false

  function drain(): void {
    for (let event = pending.shift(); event; event = pending.shift()) {
      // Over a copy: who subscribes because of this event hears of the next one.
      for (const listener of Array.from(listeners)) {
        if (listeners.has(listener)) call(listener, event)
      }
    }
  }

  return {
    publish(event) {
      pending.push(event)
      if (publishing) return
      publishing = true
      drain()
      publishing = false
    },
    subscribe(listener) {
      // A fresh function, so that one listener may subscribe twice.
      const own: Listener = (event) => listener(event)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}

/** A listener that throws is a bug of its own: it must neither fail the writer nor silence the other listeners. */
function call(listener: Listener, event: StoreEvent): void {
  try {
    listener(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
