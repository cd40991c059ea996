import type { Store } from '../store/types.ts'

/** Tells pods that wait for a ConfigMap when to look again. */
export interface ConfigMapWatch {
  /** Resolves at the next change of any ConfigMap in the namespace, or when the signal comes. */
  nextChange(namespace: string | undefined, signal: AbortSignal): Promise<void>
  stop(): void
}

export function watchConfigMaps(store: Store): ConfigMapWatch {
  const waiting = new Map<string | undefined, Set<() => void>>()
  const unsubscribe = store.subscribe('configmaps', ({ object: { metadata } }) => {
    for (const wake of waiting.get(metadata.namespace) ?? []) wake()
  })

  function nextChange(namespace: string | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    const waiters = waiting.get(namespace) ?? new Set()
    waiting.set(namespace, waiters)
    return new Promise((resolve) => {
      const wake = (): void => {
        waiters.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      waiters.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  return { nextChange, stop: unsubscribe }
}
