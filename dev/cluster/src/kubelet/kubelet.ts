import type { EventRecorder } from '../controllers/event-recorder.ts'
import { isTerminal, type Pod } from '../controllers/pod-types.ts'
import { createWorkQueue } from '../controllers/work-queue.ts'
import type { KubeObject, LogStore, Store } from '../store/types.ts'
import { watchConfigMaps } from './config-map-watch.ts'
import type { RestartTiming } from './container-run.ts'
import type { ImageCatalogue } from './image-catalogue.ts'
import { PodWorker } from './pod-worker.ts'
import { createProcessRuntime } from './process-runtime.ts'
import { createSimulatedRuntime, type Simulation } from './simulated-runtime.ts'
import { createSlots } from './slots.ts'

export interface KubeletOptions {
  store: Store
  logs: LogStore
  events: EventRecorder
  images?: ImageCatalogue
  workDir: string
  maxPods?: number
  simulate?: Simulation
  timing: RestartTiming
  now: () => Date
  onError: (key: string, error: unknown) => void
}

/** Runs every pod of the store. `stop` kills what runs, and resolves when the last process is gone. */
export function startKubelet(options: KubeletOptions): { stop(): Promise<void> } {
  const { store, logs, images = {}, simulate, onError } = options
  const runtime = simulate ? createSimulatedRuntime(simulate) : createProcessRuntime(options.workDir)
  const slots = createSlots(options.maxPods ?? (simulate ? Infinity : 32))
  const configMaps = watchConfigMaps(store)
  const workers = new Map<string, PodWorker>()

  const queue = createWorkQueue(sync, onError)
  const unsubscribe = store.subscribe('pods', ({ object }) => queue.add(keyOf(object)))
  for (const pod of store.list('pods')) queue.add(keyOf(pod))

  function sync(key: string): void {
    const [namespace, name = '', uid = ''] = key.split('/')
    const pod = store.get('pods', namespace, name) as Pod | undefined
    const worker = workers.get(uid)
    if (pod?.metadata.uid !== uid) {
      // Removed without being asked to end first, as by a forced deletion.
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
    const worker = new PodWorker(pod, { ...options, images, runtime, slots, configMaps })
    workers.set(uid, worker)
    void worker.done
      .catch((error: unknown) => {
        onError(key, error)
        fail(pod, error as Error)
      })
      .finally(() => {
        workers.delete(uid)
        queue.add(key)
      })
  }

  /** Such as a scratch directory that cannot be made. Trying again would end the same way. */
  function fail(pod: Pod, error: Error): void {
    const current = store.get('pods', pod.metadata.namespace, pod.metadata.name) as Pod | undefined
    if (current?.metadata.uid !== pod.metadata.uid) return
    store.replace('pods', { ...current, status: { phase: 'Failed', reason: 'KubeletError', message: error.message } })
  }

  return {
    async stop() {
      unsubscribe()
      configMaps.stop()
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
