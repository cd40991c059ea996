import type { EventRecorder } from '../objects/event-recorder.ts'
import { finishedCondition, type Job, jobLabels } from '../objects/job.ts'
import { randomName } from '../objects/names.ts'
import { type Container, controllerOf, type Pod, type PodSpec, requestPodDeletion } from '../objects/pod.ts'
import { createWorkQueue } from '../objects/work-queue.ts'
import type { Store } from '../store/types.ts'
import { type BackoffSettings, type JobPlan, planJob } from './job-plan.ts'
import { completionIndexKey } from './job-tally.ts'
import type { PodIndex } from './pod-index.ts'

export interface JobControllerOptions {
  store: Store
  pods: PodIndex
  events: EventRecorder
  backoff: BackoffSettings
  now: () => Date
  /** From 0 to below 1, for pod names. */
  random: () => number
}

/** Creates the pods of Jobs and keeps each Job's status until it is finished. */
export function startJobController(options: JobControllerOptions): { stop(): void } {
  const { store, pods, now } = options
  const queue = createWorkQueue(sync)
  const unsubscribers = [
    store.subscribe('jobs', ({ object: { metadata } }) => queue.add(keyOf(metadata.namespace, metadata.name))),
    store.subscribe('pods', ({ object }) => {
      const owner = controllerOf(object)
      if (owner) queue.add(keyOf(object.metadata.namespace, owner.name))
    }),
  ]
  for (const { metadata } of store.list('jobs')) queue.add(keyOf(metadata.namespace, metadata.name))

  function sync(key: string): void {
    const [namespace, name = ''] = key.split('/')
    const job = store.get('jobs', namespace, name) as Job | undefined
    if (!job || isLeftAlone(job)) return queue.wakeAfter(key, undefined)
    const plan = planJob(job, pods.of(job.metadata.uid), { ...options.backoff, now: now() })
    execute(plan, job, options)
    queue.wakeAfter(key, plan.wakeAfterMs)
  }

  return {
    stop() {
      for (const unsubscribe of unsubscribers) unsubscribe()
      queue.stop()
    },
  }
}

const keyOf = (namespace: string | undefined, name: string): string => `${namespace}/${name}`

const OWN_NAME = 'kubernetes.io/job-controller'

function isLeftAlone(job: Job): boolean {
  const { managedBy = OWN_NAME } = job.spec
  return finishedCondition(job) !== undefined || job.metadata.deletionTimestamp !== undefined || managedBy !== OWN_NAME
}

function execute(plan: JobPlan, job: Job, options: JobControllerOptions): void {
  const { store, pods, events, now } = options
  for (const pod of plan.remove) {
    if (!plan.removedFail) pods.release(pod)
    requestPodDeletion(store, pod, now())
    events.record(job, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${pod.metadata.name}` })
  }
  for (const index of plan.create) {
    const { name } = store.create('pods', buildPod(job, index, options)).metadata
    events.record(job, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${name}` })
  }
  store.replace('jobs', { ...job, status: plan.status })
  for (const event of plan.events) events.record(job, event)
}

/** A pod from the Job's template. `index` is its completion index if the Job is Indexed. */
function buildPod(job: Job, index: number | undefined, { store, random }: JobControllerOptions): Pod {
  const { name: jobName, namespace = 'default', uid } = job.metadata
  const { metadata = {}, spec } = job.spec.template
  const generateName = (index === undefined ? `${jobName}-` : `${jobName}-${index}-`).slice(0, 58)
  const indexed = index === undefined ? {} : { [completionIndexKey]: String(index) }
  let name = randomName(generateName, random)
  while (store.get('pods', namespace, name)) name = randomName(generateName, random)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName,
      namespace,
      uid: '',
      resourceVersion: '',
      creationTimestamp: '',
      labels: { ...metadata.labels, ...jobLabels(job.metadata), ...indexed },
      annotations: { ...metadata.annotations, ...indexed },
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: index === undefined ? spec : withIndexVariable(spec),
    status: { phase: 'Pending' },
  }
}

function withIndexVariable(spec: PodSpec): PodSpec {
  const fieldPath = `metadata.annotations['${completionIndexKey}']`
  const variable = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath } } }
  const extend = (container: Container): Container => {
    const { env = [] } = container
    return env.some(({ name }) => name === variable.name) ? container : { ...container, env: [...env, variable] }
  }
  return {
    ...spec,
    ...(spec.initContainers && { initContainers: spec.initContainers.map(extend) }),
    containers: spec.containers.map(extend),
  }
}
