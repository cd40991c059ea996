import type { Container, ContainerState, ContainerStatus, Pod, PodPhase, PodStatus } from '../objects/pod.ts'
import { timestamp } from '../store/store.ts'
import type { Store } from '../store/types.ts'

export interface ContainerRecord {
  readonly container: Container
  state: ContainerState
  restartCount: number
}

/** The kubelet's view of a pod, and how it gets into the store. */
export interface PodReport {
  readonly init: readonly ContainerRecord[]
  readonly main: readonly ContainerRecord[]
  /** Writes soon: changes that come together, such as several containers starting, are one write. */
  changed(): void
  /** Writes the last status: no container will run again. */
  end(): void
}

export function createPodReport({ metadata, spec }: Pod, store: Store, now: () => Date): PodReport {
  const { initContainers = [], containers } = spec
  const reason = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating'
  const record = (container: Container): ContainerRecord => {
    return { container, state: { waiting: { reason } }, restartCount: 0 }
  }
  const init = initContainers.map(record)
  const main = containers.map(record)
  const startTime = timestamp(now())
  let ended = false
  let pending: NodeJS.Immediate | undefined

  function phaseOf(): PodPhase {
    if (ended) return [...init, ...main].every(hasSucceeded) ? 'Succeeded' : 'Failed'
    return init.every(hasSucceeded) && main.every(({ state }) => !state.waiting) ? 'Running' : 'Pending'
  }

  function statusAt(before: PodStatus | undefined): PodStatus {
    const status = main.every(({ state }) => state.running) ? 'True' : 'False'
    const last = before?.conditions?.[0]
    const lastTransitionTime = last?.status === status ? last.lastTransitionTime : timestamp(now())
    return {
      phase: phaseOf(),
      conditions: [{ type: 'Ready', status, lastTransitionTime }],
      startTime,
      ...(init.length > 0 && { initContainerStatuses: init.map((each) => containerStatus(each, hasSucceeded(each))) }),
      containerStatuses: main.map((each) => containerStatus(each, each.state.running !== undefined)),
    }
  }

  function write(): void {
    clearImmediate(pending)
    pending = undefined
    const current = store.get('pods', metadata.namespace, metadata.name) as Pod | undefined
    // The pod may have been deleted, and another one may have its name.
    if (current?.metadata.uid !== metadata.uid) return
    store.replace('pods', { ...current, status: statusAt(current.status) })
  }

  return {
    init,
    main,
    changed() {
      pending ??= setImmediate(write)
    },
    end() {
      ended = true
      write()
    },
  }
}

export function hasSucceeded({ state }: ContainerRecord): boolean {
  return state.terminated?.exitCode === 0
}

function containerStatus({ container, state, restartCount }: ContainerRecord, ready: boolean): ContainerStatus {
  return { name: container.name, image: container.image ?? '', imageID: '', ready, restartCount, state }
}
