import { createEventRecorder } from '../objects/event-recorder.ts'
import { finishedCondition, type Job } from '../objects/job.ts'
import { controllerOf, requestPodDeletion } from '../objects/pod.ts'
import { createWorkQueue } from '../objects/work-queue.ts'
import type { Store } from '../store/types.ts'
import { startJobController } from './job-controller.ts'
import type { BackoffSettings } from './job-plan.ts'
import { createPodIndex, type PodIndex } from './pod-index.ts'

export interface ControllersOptions {
  store: Store
  backoff: BackoffSettings
  now: () => Date
  random: () => number
}

/** What kube-controller-manager does for Jobs: pods and status, expiry, and the pods of deleted Jobs. */
export function startControllers({ store, backoff, now, random }: ControllersOptions): { stop(): void } {
  const pods = createPodIndex(store)
  const events = createEventRecorder({ store, component: 'job-controller', now })
  const controllers = [
    startJobController({ store, pods, events, backoff, now, random }),
    startTtlController(store, now),
    startGarbageCollector(store, pods, now),
  ]
  return {
    stop() {
      for (const controller of controllers) controller.stop()
      pods.stop()
    },
  }
}

/** Deletes finished Jobs when their `ttlSecondsAfterFinished` is over. */
function startTtlController(store: Store, now: () => Date): { stop(): void } {
  const queue = createWorkQueue((key) => {
    const [namespace, name = ''] = key.split('/')
    const left = timeLeft(store.get('jobs', namespace, name) as Job | undefined, now())
    if (left <= 0) store.remove('jobs', namespace, name)
    queue.wakeAfter(key, left > 0 && left < Infinity ? left : undefined)
  })
  const add = ({ metadata }: Pick<Job, 'metadata'>): void => queue.add(`${metadata.namespace}/${metadata.name}`)
  const unsubscribe = store.subscribe('jobs', ({ object }) => add(object))
  store.list('jobs').forEach(add)
  return {
    stop() {
      unsubscribe()
      queue.stop()
    },
  }
}

/** Milliseconds until the Job expires; infinite if it is unfinished or has no TTL. */
function timeLeft(job: Job | undefined, now: Date): number {
  const finished = job && finishedCondition(job)
  const ttl = job?.spec.ttlSecondsAfterFinished
  if (!finished || ttl === undefined) return Infinity
  return Date.parse(finished.lastTransitionTime) + ttl * 1000 - now.getTime()
}

/** Deletes the pods of deleted Jobs (background propagation). Pods that lost their owner reference stay. */
function startGarbageCollector(store: Store, pods: PodIndex, now: () => Date): { stop(): void } {
  const queue = createWorkQueue((jobUid) => {
    for (const { pod } of pods.of(jobUid)) {
      const current = store.get('pods', pod.metadata.namespace, pod.metadata.name)
      if (current && controllerOf(current)?.uid === jobUid) requestPodDeletion(store, current, now())
    }
    pods.forget(jobUid)
  })
  const unsubscribe = store.subscribe('jobs', ({ type, object }) => {
    if (type === 'DELETED') queue.add(object.metadata.uid)
  })
  return {
    stop() {
      unsubscribe()
      queue.stop()
    },
  }
}
