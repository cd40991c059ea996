import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createLogStore } from '../store/log-store.ts'
import { createStore } from '../store/store.ts'
import type { KubeObject, LogStore, ObjectMeta, Store } from '../store/types.ts'
import { type ControllersOptions, startControllers } from './index.ts'
import type { Job, JobSpec } from './job-types.ts'
import type { Container, Pod, PodSpec } from './pod-types.ts'

export interface TestCluster {
  store: Store
  logs: LogStore
  workDir: string
  stop(): Promise<void>
  createJob(name: string, spec?: Partial<JobSpec>): Job
  job(name: string): Job | undefined
  /** The Job's pods, oldest first. */
  pods(jobName: string): Pod[]
  /** What a pod's container wrote. */
  output(pod: Pod | undefined, container?: string): string
  reasons(name: string): string[]
  /** Resolves with what `probe` finds, as soon as a change of the store makes it find something. */
  until<T>(probe: () => T | undefined | false): Promise<T>
  /** The Job, when it has ended. */
  finished(name: string): Promise<Job>
}

/** A store with controllers and kubelet, stopped when the test ends. Back-offs are short. */
export function startTestCluster(options: Partial<ControllersOptions> = {}): TestCluster {
  const store = options.store ?? createStore()
  const logs = createLogStore()
  const workDir = mkdtempSync(join(tmpdir(), 'kubelet-'))
  const timing = { podBackoffBaseMs: 5, podBackoffMaxMs: 20, restartBackoffBaseMs: 5, restartBackoffMaxMs: 20 }
  const controllers = startControllers({ store, logs, workDir, timing, ...options })
  onTestFinished(async () => {
    await controllers.stop()
    rmSync(workDir, { recursive: true, force: true })
  })

  const job = (name: string) => store.get('jobs', 'default', name) as Job | undefined
  const pods = (jobName: string) =>
    (store.list('pods') as Pod[])
      .filter(({ metadata }) => metadata.labels?.['job-name'] === jobName)
      .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
  const until = <T>(probe: () => T | undefined | false) => firstResult(store, probe)
  return {
    store,
    logs,
    workDir,
    stop: () => controllers.stop(),
    createJob: (name, spec = {}) => store.create('jobs', makeJob(name, spec)) as Job,
    job,
    pods,
    output(pod, container = 'main') {
      const chunks = pod && logs.read(pod.metadata.uid, container)
      return Buffer.concat((chunks ?? []).map(({ data }) => data)).toString()
    },
    reasons: (name) =>
      store
        .list('events')
        .filter((event) => (event['involvedObject'] as ObjectMeta).name === name)
        .map((event) => event['reason'] as string),
    until,
    finished: (name) =>
      until(() => {
        const found = job(name)
        return found?.status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') && found
      }),
  }
}

export function makeJob(name: string, spec: Partial<JobSpec> = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: makeMetadata(name),
    spec: { template: runs('true'), ...spec },
  }
}

/** A pod template that runs a shell script. */
export function runs(
  script: string,
  spec: Partial<PodSpec> = {},
  container: Partial<Container> = {},
): JobSpec['template'] {
  return {
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script], ...container }],
      ...spec,
    },
  }
}

export function makeConfigMap(name: string, data: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: makeMetadata(name), data }
}

export function makeMetadata(name: string): ObjectMeta {
  return { name, namespace: 'default', uid: '', resourceVersion: '', creationTimestamp: '' }
}

/** `Complete` or `Failed (reason)`. */
export function ending(job: Job): string {
  const last = job.status?.conditions?.at(-1)
  return last?.type === 'Failed' ? `Failed (${last.reason})` : (last?.type ?? 'none')
}

function firstResult<T>(store: Store, probe: () => T | undefined | false): Promise<T> {
  const found = probe()
  if (found !== undefined && found !== false) return Promise.resolve(found)
  return new Promise((resolve) => {
    const unsubscribers = (['jobs', 'pods', 'events'] as const).map((resource) =>
      store.subscribe(resource, () => {
        const result = probe()
        if (result === undefined || result === false) return
        for (const unsubscribe of unsubscribers) unsubscribe()
        resolve(result)
      }),
    )
  })
}
