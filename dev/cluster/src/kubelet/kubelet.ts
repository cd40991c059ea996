import { createEventRecorder } from '../objects/event-recorder.ts'
import { isTerminal, type Pod } from '../objects/pod.ts'
import { createWorkQueue, reportError } from '../objects/work-queue.ts'
import type { KubeObject, LogStore, Store } from '../store/types.ts'
import type { ImageCatalog } from './launch.ts'
import { PodWorker, type RestartSettings } from './pod-worker.ts'
import { createProcessRuntime } from './process-runtime.ts'
import { createSlots } from './slots.ts'

export interface KubeletOptions {
  store: Store
  logs: LogStore
  images: ImageCatalog
  /** For the pods' scratch directories. */
  workDir: string
  /** How many pods run at once; the others stay Pending. */
  maxPods: number
  restarts: RestartSettings
  now: () => Date
}

/** Runs every pod of the store. `stop` kills the running ones and resolves when the last process has ended. */
export function startKubelet(options: KubeletOptions): { stop(): Promise<void> } {
  const { store, logs } = options
  const runtime = createProcessRuntime(options.workDir)
  const slots = createSlots(options.maxPods)
  const events = createEventRecorder({ store, component: 'kubelet', now: options.now })
  const workers = new Map<string, PodWorker>()

  const queue = createWorkQueue(sync)
  const unsubscribe = store.subscribe('pods', ({ object }) => queue.add(keyOf(object)))
  for (const pod of store.list('pods')) queue.add(keyOf(pod))

  function sync(key: string): void {
    const [namespace, name = '', uid = ''] = key.split('/')
    const pod = store.get('pods', namespace, name) as Pod | undefined
    const worker = workers.get(uid)
    if (pod?.metadata.uid !== uid) {
      // Removed without a graceful deletion.
      if (worker) worker.kill()
      else logs.remove(uid)
    } else if (pod.metadata.deletionTimestamp) {
      if (worker) worker.terminate(pod.metadata.deletionGracePeriodSeconds ?? 0)
      else store.remove('pods', namespace, name)
    } else if (!worker && !isTerminal(pod)) {
      run(key, pod)
    }
  }

  function run(key: string, pod: Pod): void {
    const { uid } = pod.metadata
    const worker = new PodWorker(pod, { ...options, events, runtime, slots })
    workers.set(uid, worker)
    void worker.done
      .catch((error: unknown) => {
        reportError(key, error)
        fail(pod, error as Error)
      })
      .finally(() => {
        workers.delete(uid)
        queue.add(key)
      })
  }

  /** For example if the scratch directory cannot be created: a retry would fail the same way. */
  function fail({ metadata }: Pod, { message }: Error): void {
    const current = store.get('pods', metadata.namespace, metadata.name) as Pod | undefined
    if (current?.metadata.uid !== metadata.uid) return
    store.replace('pods', { ...current, status: { phase: 'Failed', reason: 'KubeletError', message } })
  }

  return {
    async stop() {
      unsubscribe()
      queue.stop()
      for (const worker of workers.values()) worker.kill()
      await Promise.allSettled([...workers.values()].map(({ done }) => done))
      runtime.close()
    },
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}/${metadata.uid}`
}
