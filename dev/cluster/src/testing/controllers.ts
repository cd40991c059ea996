import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { startControllers } from '../controllers/controllers.ts'
import { startKubelet } from '../kubelet/kubelet.ts'
import type { ImageCatalog } from '../kubelet/launch.ts'
import { finishedCondition, type Job, type JobSpec } from '../objects/job.ts'
import type { Container, Pod, PodSpec } from '../objects/pod.ts'
import { createLogStore } from '../store/log-store.ts'
import { createStore } from '../store/store.ts'
import type { KubeObject, LogStore, ObjectMeta, Store } from '../store/types.ts'

export interface TestCluster {
  store: Store
  logs: LogStore
  workDir: string
  stop(): Promise<void>
  createJob(name: string, spec?: Partial<JobSpec>): Job
  job(name: string): Job | undefined
  /** The Job's pods, oldest first. */
  pods(jobName: string): Pod[]
  output(pod: Pod | undefined): string
  /** The reasons of an object's Events. */
  reasons(name: string): string[]
  /** Resolves with the first result of `probe`, which runs after each change of the store. */
  until<T>(probe: () => T | undefined | false): Promise<T>
  /** The Job once it is finished. */
  finished(name: string): Promise<Job>
}

interface Options {
  store?: Store
  images?: ImageCatalog
  maxPods?: number
}

/** A store with controllers and kubelet and short back-offs. They stop when the test ends. */
export function startTestCluster({ store = createStore(), images = {}, maxPods = 32 }: Options = {}): TestCluster {
  const logs = createLogStore()
  const workDir = mkdtempSync(join(tmpdir(), 'kubelet-'))
  const backoff = { podBackoffBaseMs: 5, podBackoffMaxMs: 20 }
  const restarts = { restartBackoffBaseMs: 5, restartBackoffMaxMs: 20 }
  const controllers = startControllers({ store, backoff, now, random: Math.random })
  const kubelet = startKubelet({ store, logs, images, workDir, maxPods, restarts, now })
  const stop = async (): Promise<void> => {
    controllers.stop()
    await kubelet.stop()
  }
  onTestFinished(async () => {
    await stop()
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
    stop,
    createJob: (name, spec = {}) => store.create('jobs', makeJob(name, spec)) as Job,
    job,
    pods,
    output(pod) {
      const chunks = pod && logs.read(pod.metadata.uid, 'main')
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
        return found && finishedCondition(found) && found
      }),
  }
}

export function makeJob(name: string, spec: Partial<JobSpec> = {}): Job {
  const metadata = makeMetadata(name)
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template: runs('true'), ...spec } }
}

/** A pod template that runs a shell script. */
export function runs(script: string, spec: Partial<PodSpec> = {}, container: Partial<Container> = {}) {
  const containers = [{ name: 'main', image: 'busybox', command: ['sh', '-c', script], ...container }]
  return { spec: { restartPolicy: 'Never' as const, containers, ...spec } }
}

export function makeConfigMap(name: string, data: Record<string, string> = {}, namespace = 'default'): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...makeMetadata(name), namespace }, data }
}

export function makeMetadata(name: string): ObjectMeta {
  return { name, namespace: 'default', uid: '', resourceVersion: '', creationTimestamp: '' }
}

/** `Complete` or `Failed (reason)`. */
export function ending(job: Job): string {
  const last = finishedCondition(job)
  return last?.type === 'Failed' ? `Failed (${last.reason})` : (last?.type ?? 'none')
}

const now = () => new Date()

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
