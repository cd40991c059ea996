import type { Store } from '../store/types.ts'
import type { EventRecorder } from './event-recorder.ts'
import type { BackoffSettings } from './job-demand.ts'
import { type JobPlan, planJob } from './job-plan.ts'
import { buildPod, podNameBase } from './job-pod.ts'
import { finishedCondition, type Job } from './job-types.ts'
import { objectKey, parseKey } from './object-key.ts'
import { requestPodDeletion } from './pod-deletion.ts'
import { controllerOf, type PodIndex } from './pod-index.ts'
import { createWorkQueue } from './work-queue.ts'

export interface JobControllerOptions {
  store: Store
  pods: PodIndex
  events: EventRecorder
  backoff: BackoffSettings
  now: () => Date
  /** From 0 to below 1, for the names of pods. */
  random: () => number
  onError: (key: string, error: unknown) => void
}

/** Makes the pods that Jobs ask for and keeps each Job's status, until the Job is finished. */
export function startJobController(options: JobControllerOptions): { stop(): void } {
  const { store, pods, now } = options
  const queue = createWorkQueue(sync, options.onError)
  const unsubscribers = [
    store.subscribe('jobs', ({ object }) => queue.add(objectKey(object.metadata))),
    store.subscribe('pods', ({ object }) => {
      const owner = controllerOf(object)
      if (owner) queue.add(objectKey({ ...object.metadata, name: owner.name }))
    }),
  ]
  for (const { metadata } of store.list('jobs')) queue.add(objectKey(metadata))

  function sync(key: string): void {
    const { namespace, name } = parseKey(key)
    const job = store.get('jobs', namespace, name) as Job | undefined
    if (!job || isLeftAlone(job)) return queue.wakeAfter(key, undefined)
    const plan = planJob(job, pods.of(job.metadata.uid), { ...options.backoff, now: now() })
    carryOut(plan, job, options)
    queue.wakeAfter(key, plan.wakeAfterMs)
  }

  return {
    stop() {
      for (const unsubscribe of unsubscribers) unsubscribe()
      queue.stop()
    },
  }
}

function isLeftAlone(job: Job): boolean {
  const { managedBy = ownName } = job.spec
  return finishedCondition(job) !== undefined || job.metadata.deletionTimestamp !== undefined || managedBy !== ownName
}

const ownName = 'kubernetes.io/job-controller'

function carryOut(plan: JobPlan, job: Job, options: JobControllerOptions): void {
  const { store, pods, events, now } = options
  for (const pod of plan.remove) {
    if (!plan.removedFail) pods.release(pod)
    requestPodDeletion(store, pod, now())
    events.record(job, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${pod.metadata.name}` })
  }
  for (const index of plan.create) {
    const name = freeName(job, index, options)
    store.create('pods', buildPod(job, { name, index }))
    events.record(job, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${name}` })
  }
  store.replace('jobs', { ...job, status: plan.status })
  for (const event of plan.events) events.record(job, event)
}

function freeName(job: Job, index: number | undefined, { store, random }: JobControllerOptions): string {
  for (;;) {
    const letters = Array.from({ length: 5 }, () => suffixLetters[Math.floor(random() * suffixLetters.length)])
    const name = podNameBase(job, index) + letters.join('')
    if (!store.get('pods', job.metadata.namespace, name)) return name
  }
}

/** As k8s.io/apimachinery/pkg/util/rand: without vowels, so that no name becomes a word. */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'
