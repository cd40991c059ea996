import type { Store } from '../store/types.ts'
import { finishedCondition, type Job } from './job-types.ts'
import { objectKey, parseKey } from './object-key.ts'
import { createWorkQueue } from './work-queue.ts'

export interface TtlControllerOptions {
  store: Store
  now: () => Date
  onError: (key: string, error: unknown) => void
}

/** Deletes finished Jobs when their `ttlSecondsAfterFinished` is over. */
export function startTtlController({ store, now, onError }: TtlControllerOptions): { stop(): void } {
  const queue = createWorkQueue(sync, onError)
  const unsubscribe = store.subscribe('jobs', ({ object }) => queue.add(objectKey(object.metadata)))
  for (const { metadata } of store.list('jobs')) queue.add(objectKey(metadata))

  function sync(key: string): void {
    const { namespace, name } = parseKey(key)
    const left = timeLeft(store.get('jobs', namespace, name) as Job | undefined, now())
    if (left <= 0) store.remove('jobs', namespace, name)
    queue.wakeAfter(key, left > 0 && left < Infinity ? left : undefined)
  }

  return {
    stop() {
      unsubscribe()
      queue.stop()
    },
  }
}

/** Milliseconds; infinite while the Job is not finished, or when it is to stay. */
function timeLeft(job: Job | undefined, now: Date): number {
  const finished = job && finishedCondition(job)
  const ttl = job?.spec.ttlSecondsAfterFinished
  if (!finished || ttl === undefined) return Infinity
  return Date.parse(finished.lastTransitionTime) + ttl * 1000 - now.getTime()
}
