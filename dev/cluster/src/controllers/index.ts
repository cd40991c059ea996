import type { ImageCatalogue } from '../kubelet/image-catalogue.ts'
import { startKubelet } from '../kubelet/kubelet.ts'
import type { Simulation } from '../kubelet/simulated-runtime.ts'
import type { LogStore, Store } from '../store/types.ts'
import { createEventRecorder } from './event-recorder.ts'
import { startGarbageCollector } from './garbage-collector.ts'
import { startJobController } from './job-controller.ts'
import { createPodIndex } from './pod-index.ts'
import { startTtlController } from './ttl-controller.ts'

export { requestPodDeletion } from './pod-deletion.ts'

export interface ControllersOptions {
  store: Store
  logs: LogStore
  /** Which local program stands for which image, for containers without a `command`. */
  images?: ImageCatalogue
  /** Where pods get their scratch directories. */
  workDir: string
  /** How many pods run at a time; the others stay Pending. Simulated pods are not limited unless this is given. */
  maxPods?: number
  /** Ends pods by themselves instead of starting processes, for load tests. */
  simulate?: Simulation
  timing?: Partial<Timing>
  log?: (message: string, fields?: object) => void
  now?: () => Date
  random?: () => number
}

/** The defaults are those of Kubernetes. */
interface Timing {
  /** Between the pods of a failing Job, doubling. */
  podBackoffBaseMs: number
  podBackoffMaxMs: number
  /** Between the restarts of a container, doubling; the first restart comes at once. */
  restartBackoffBaseMs: number
  restartBackoffMaxMs: number
  eventTtlMs: number
}

/**
 * Brings a store to life: Jobs get pods, pods run as local processes, finished Jobs age out.
 * `stop` resolves when no process of any pod is left.
 */
export function startControllers(options: ControllersOptions): { stop: () => Promise<void> } {
  const { store, log = () => {}, now = () => new Date(), random = Math.random } = options
  const timing = { ...defaultTiming, ...options.timing }
  const recorder = (component: string) => createEventRecorder({ store, component, now, ttlMs: timing.eventTtlMs })
  const onError = (key: string, error: unknown): void => log('Controller failed', { key, error })

  const pods = createPodIndex(store)
  const controllers = [
    startJobController({ store, pods, events: recorder('job-controller'), backoff: timing, now, random, onError }),
    startTtlController({ store, now, onError }),
    startGarbageCollector({ store, pods, now, onError }),
  ]
  const kubelet = startKubelet({ ...options, events: recorder('kubelet'), timing, now, onError })

  return {
    async stop() {
      for (const controller of controllers) controller.stop()
      pods.stop()
      await kubelet.stop()
    },
  }
}

const defaultTiming: Timing = {
  podBackoffBaseMs: 10_000,
  podBackoffMaxMs: 600_000,
  restartBackoffBaseMs: 10_000,
  restartBackoffMaxMs: 300_000,
  eventTtlMs: 3_600_000,
}
