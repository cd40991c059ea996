import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodCondition,
  PodPhase,
  PodStatus,
} from '../controllers/pod-types.ts'
import { podIp } from './field-ref.ts'

/** What the kubelet knows of one container. */
export interface ContainerRecord {
  readonly container: Container
  state: ContainerState
  lastState: ContainerState
  restartCount: number
}

/** What the kubelet knows of a pod that it accepted. */
export interface PodRecord {
  readonly startTime: string
  readonly init: readonly ContainerRecord[]
  readonly main: readonly ContainerRecord[]
  /** No container will run again. */
  ended: boolean
  /** Why the kubelet itself ended the pod. */
  cause?: { reason: string; message: string }
}

export function createPodRecord({ spec }: Pod, startTime: string): PodRecord {
  const { initContainers = [], containers } = spec
  const record = (container: Container): ContainerRecord => ({
    container,
    state: { waiting: { reason: initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating' } },
    lastState: {},
    restartCount: 0,
  })
  return { startTime, init: initContainers.map(record), main: containers.map(record), ended: false }
}

/** The status of a pod as the kubelet reports it. Conditions that have not changed since `before` keep their times. */
export function podStatus(record: PodRecord, before: PodStatus | undefined, at: string): PodStatus {
  const { init, main, cause, startTime } = record
  const phase = phaseOf(record)
  return {
    phase,
    ...cause,
    conditions: conditionsOf(record, phase).map((condition) => settle(condition, before, at)),
    hostIP: podIp,
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    startTime,
    ...(init.length > 0 && { initContainerStatuses: init.map((each) => containerStatus(each, hasSucceeded(each))) }),
    containerStatuses: main.map((each) => containerStatus(each, each.state.running !== undefined)),
  }
}

function phaseOf({ init, main, ended, cause }: PodRecord): PodPhase {
  if (ended) return !cause && [...init, ...main].every(hasSucceeded) ? 'Succeeded' : 'Failed'
  const started =
    init.every(hasSucceeded) && main.every(({ state, lastState }) => !state.waiting || lastState.terminated)
  return started ? 'Running' : 'Pending'
}

export function hasSucceeded({ state }: ContainerRecord): boolean {
  return state.terminated?.exitCode === 0
}

function containerStatus(
  { container, state, lastState, restartCount }: ContainerRecord,
  ready: boolean,
): ContainerStatus {
  const { name, image = '' } = container
  return { name, image, imageID: '', ready, started: state.running !== undefined, restartCount, state, lastState }
}

type BareCondition = Omit<PodCondition, 'lastProbeTime' | 'lastTransitionTime'>

function conditionsOf({ init, main }: PodRecord, phase: PodPhase): BareCondition[] {
  const uninitialized = init.filter((each) => !hasSucceeded(each))
  const unready = main.filter(({ state }) => !state.running)
  const done = phase === 'Succeeded' ? { reason: 'PodCompleted' } : phase === 'Failed' && { reason: 'PodFailed' }
  const ready = holds(
    unready,
    done || { reason: 'ContainersNotReady', message: `containers with unready status: ${namesOf(unready)}` },
  )
  const incomplete = `containers with incomplete status: ${namesOf(uninitialized)}`
  return [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Initialized', ...holds(uninitialized, { reason: 'ContainersNotInitialized', message: incomplete }) },
    { type: 'ContainersReady', ...ready },
    { type: 'Ready', ...ready },
  ]
}

/** True when nothing stands against it; else false, and why. */
function holds(against: readonly unknown[], why: { reason: string; message?: string }): Omit<BareCondition, 'type'> {
  return against.length === 0 ? { status: 'True' } : { status: 'False', ...why }
}

/** As Go prints a list. */
function namesOf(records: readonly ContainerRecord[]): string {
  return `[${records.map(({ container }) => container.name).join(' ')}]`
}

function settle(condition: BareCondition, before: PodStatus | undefined, at: string): PodCondition {
  const last = before?.conditions?.find(({ type }) => type === condition.type)
  const lastTransitionTime = last?.status === condition.status ? last.lastTransitionTime : at
  return { ...condition, lastProbeTime: null, lastTransitionTime }
}
