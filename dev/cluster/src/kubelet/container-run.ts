import { setTimeout as pause } from 'node:timers/promises'
import type { EventRecorder } from '../controllers/event-recorder.ts'
import type { Pod } from '../controllers/pod-types.ts'
import { timestamp } from '../store/store.ts'
import type { LogStore } from '../store/types.ts'
import type { Launch } from './launch.ts'
import type { PodReport } from './pod-report.ts'
import type { ContainerRecord } from './pod-status.ts'
import type { ContainerExit, RunningContainer, Sandbox } from './runtime.ts'

export interface RestartTiming {
  restartBackoffBaseMs: number
  restartBackoffMaxMs: number
}

export interface ContainerRunContext {
  pod: Pod
  sandbox: Sandbox
  report: PodReport
  logs: LogStore
  events: EventRecorder
  timing: RestartTiming
  now: () => Date
  /** Whoever ends the pod finds here what to signal. */
  running: Set<RunningContainer>
  /** The pod is to end: nothing is started any more. */
  stopping: AbortSignal
}

/** Runs a container, and again where its restart policy says so, until it is not to run any more. */
export async function runContainer(
  launch: Launch,
  record: ContainerRecord,
  context: ContainerRunContext,
): Promise<void> {
  const { stopping } = context
  for (let restarts = 0; !stopping.aborted; restarts += 1) {
    record.restartCount = restarts
    const { exitCode } = await runOnce(launch, record, context)
    if (stopping.aborted || !restartsAfter(exitCode, record, context)) return
    record.lastState = record.state
    await backOff(record, restartDelay(restarts, context.timing), context)
  }
}

async function runOnce(launch: Launch, record: ContainerRecord, context: ContainerRunContext): Promise<ContainerExit> {
  const { sandbox, report, running, logs, now, pod } = context
  const { name } = launch.container
  const { uid } = pod.metadata
  const startedAt = timestamp(now())
  const container = sandbox.start(launch, (chunk) => logs.append(uid, name, chunk))
  if (container.started) {
    running.add(container)
    // There is a log from now on, though it is empty.
    logs.append(uid, name, Buffer.alloc(0))
    record.state = { running: { startedAt } }
    report.changed()
    context.events.record(pod, { type: 'Normal', reason: 'Started', message: `Started container ${name}` })
  }
  const exit = await container.exit
  running.delete(container)
  logs.end(uid, name)
  record.state = { terminated: { ...describeExit(exit), startedAt, finishedAt: timestamp(now()) } }
  report.changed()
  if (exit.startError !== undefined)
    context.events.record(pod, { type: 'Warning', reason: 'Failed', message: `Error: ${exit.startError}` })
  return exit
}

function describeExit({ exitCode, startError }: ContainerExit) {
  if (startError !== undefined) return { exitCode, reason: 'StartError' as const, message: startError }
  return { exitCode, reason: exitCode === 0 ? ('Completed' as const) : ('Error' as const) }
}

/** An init container that succeeded is never run again, whatever the policy. */
function restartsAfter(exitCode: number, record: ContainerRecord, { pod, report }: ContainerRunContext): boolean {
  const { restartPolicy = 'Always' } = pod.spec
  if (restartPolicy === 'Always' && !report.record.init.includes(record)) return true
  return restartPolicy !== 'Never' && exitCode !== 0
}

/** The kubelet restarts at once the first time, and only then backs off. */
function restartDelay(restarts: number, { restartBackoffBaseMs, restartBackoffMaxMs }: RestartTiming): number {
  return restarts === 0 ? 0 : Math.min(restartBackoffBaseMs * 2 ** (restarts - 1), restartBackoffMaxMs)
}

async function backOff(record: ContainerRecord, delayMs: number, context: ContainerRunContext): Promise<void> {
  if (delayMs === 0) return
  const { pod, report, events, stopping } = context
  const message = `Back-off restarting failed container ${record.container.name} in pod ${pod.metadata.name}`
  record.state = { waiting: { reason: 'CrashLoopBackOff', message } }
  report.changed()
  events.record(pod, { type: 'Warning', reason: 'BackOff', message })
  await pause(delayMs, undefined, { signal: stopping }).catch(() => {})
  // What a pod that ends meanwhile shows last is how the container ended, not that it waited.
  if (stopping.aborted) record.state = record.lastState
}
