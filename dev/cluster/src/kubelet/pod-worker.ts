import { setTimeout as sleep } from 'node:timers/promises'
import type { EventRecorder } from '../objects/event-recorder.ts'
import type { Pod } from '../objects/pod.ts'
import { startTimer } from '../objects/work-queue.ts'
import { timestamp } from '../store/store.ts'
import type { LogStore, Store } from '../store/types.ts'
import { type ImageCatalog, type Launch, prepareLaunch } from './launch.ts'
import { type ContainerRecord, createPodReport, hasSucceeded, type PodReport } from './pod-status.ts'
import type { ContainerExit, ProcessRuntime, RunningContainer, Sandbox } from './process-runtime.ts'
import type { Slots } from './slots.ts'

export interface PodWorkerOptions {
  store: Store
  logs: LogStore
  events: EventRecorder
  images: ImageCatalog
  runtime: ProcessRuntime
  slots: Slots
  restarts: RestartSettings
  now: () => Date
}

export interface RestartSettings {
  /** Between the restarts of a container, doubling; the first restart is immediate. */
  restartBackoffBaseMs: number
  restartBackoffMaxMs: number
}

/** Runs one pod from start to end and keeps its status. */
export class PodWorker {
  /** Resolves when the pod has no process left and its last status is written. */
  readonly done: Promise<void>

  readonly #pod: Pod
  readonly #options: PodWorkerOptions
  readonly #report: PodReport
  readonly #stopping = new AbortController()
  readonly #running = new Set<RunningContainer>()
  #killTimer: NodeJS.Timeout | undefined
  #hasSlot = false

  constructor(pod: Pod, options: PodWorkerOptions) {
    this.#pod = pod
    this.#options = options
    this.#report = createPodReport(pod, options.store, options.now)
    this.done = this.#run()
  }

  /** Stops the pod: SIGTERM, and SIGKILL for what is left after the grace period. */
  terminate(graceSeconds: number): void {
    if (this.#stopping.signal.aborted) return
    this.#stopping.abort()
    if (this.#running.size > 0) this.#record('Normal', 'Killing', 'Stopping the containers of the pod')
    this.#signal('SIGTERM')
    this.#killTimer = startTimer(graceSeconds * 1000, () => this.#signal('SIGKILL'))
  }

  /** Stops the pod at once. */
  kill(): void {
    this.#stopping.abort()
    this.#signal('SIGKILL')
  }

  async #run(): Promise<void> {
    try {
      if (!(await this.#takeSlot())) return
      const sandbox = this.#options.runtime.open(this.#pod.metadata.uid)
      await this.#runContainers(sandbox)
      this.#report.end()
      await sandbox.close()
    } finally {
      clearTimeout(this.#killTimer)
      this.#freeSlot()
    }
  }

  /** Init containers one by one, then all others together. */
  async #runContainers(sandbox: Sandbox): Promise<void> {
    const { init, main } = this.#report
    for (const group of [...init.map((record) => [record]), main]) {
      const launches = await this.#untilLaunchable(group)
      await Promise.all(launches.map(({ launch, record }) => this.#runContainer(launch, record, sandbox)))
      if (!group.every(hasSucceeded)) return
    }
  }

  /** Waits without a slot until the ConfigMaps that the containers need exist. Empty if the pod is stopped first. */
  async #untilLaunchable(group: readonly ContainerRecord[]): Promise<{ record: ContainerRecord; launch: Launch }[]> {
    const { store, images } = this.#options
    const { namespace } = this.#pod.metadata
    const configMap = (name: string) => {
      const found = store.get('configmaps', namespace, name)
      return found && ((found['data'] ?? {}) as Record<string, string>)
    }
    while (this.#hasSlot || (await this.#takeSlot())) {
      const ready = group.flatMap((record) => {
        const attempt = prepareLaunch(record.container, { pod: this.#pod, images, configMap })
        if (attempt.ok) return [{ record, launch: attempt.launch }]
        this.#showWaiting(record, attempt.reason, attempt.message)
        return []
      })
      if (ready.length === group.length) return ready
      this.#freeSlot()
      await nextConfigMapChange(store, this.#stopping.signal)
    }
    return []
  }

  #showWaiting(record: ContainerRecord, reason: string, message: string): void {
    if (record.state.waiting?.message === message) return
    record.state = { waiting: { reason, message } }
    this.#report.changed()
    this.#record('Warning', 'Failed', `${reason}: ${message}`)
  }

  /** Runs a container, and again if its restart policy says so. */
  async #runContainer(launch: Launch, record: ContainerRecord, sandbox: Sandbox): Promise<void> {
    const { signal } = this.#stopping
    const { restartBackoffBaseMs, restartBackoffMaxMs } = this.#options.restarts
    for (let restarts = 0; !signal.aborted; restarts += 1) {
      record.restartCount = restarts
      const { exitCode } = await this.#runOnce(launch, record, sandbox)
      if (!this.#restartsAfter(exitCode, record)) return
      // The kubelet restarts at once the first time and backs off after that.
      if (restarts === 0) continue
      const delay = Math.min(restartBackoffBaseMs * 2 ** (restarts - 1), restartBackoffMaxMs)
      await sleep(delay, undefined, { signal }).catch(() => {})
    }
  }

  async #runOnce(launch: Launch, record: ContainerRecord, sandbox: Sandbox): Promise<ContainerExit> {
    const { logs, now } = this.#options
    const { uid } = this.#pod.metadata
    const { name } = launch.container
    const startedAt = timestamp(now())
    const container = sandbox.start(launch, (chunk) => logs.append(uid, name, chunk))
    if (container.started) {
      this.#running.add(container)
      // The log exists from now on, even if it stays empty.
      logs.append(uid, name, Buffer.alloc(0))
      record.state = { running: { startedAt } }
      this.#report.changed()
      this.#record('Normal', 'Started', `Started container ${name}`)
    }
    const exit = await container.exit
    this.#running.delete(container)
    logs.end(uid, name)
    record.state = { terminated: { ...describeExit(exit), startedAt, finishedAt: timestamp(now()) } }
    this.#report.changed()
    if (exit.startError !== undefined) this.#record('Warning', 'Failed', `Error: ${exit.startError}`)
    return exit
  }

  /** A succeeded init container never runs again, whatever the policy. */
  #restartsAfter(exitCode: number, record: ContainerRecord): boolean {
    const { restartPolicy = 'Always' } = this.#pod.spec
    if (restartPolicy === 'Always' && !this.#report.init.includes(record)) return true
    return restartPolicy !== 'Never' && exitCode !== 0
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    for (const container of this.#running) container.signal(signal)
  }

  #record(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#options.events.record(this.#pod, { type, reason, message })
  }

  async #takeSlot(): Promise<boolean> {
    this.#hasSlot = await this.#options.slots.take(this.#stopping.signal)
    return this.#hasSlot
  }

  #freeSlot(): void {
    if (this.#hasSlot) this.#options.slots.free()
    this.#hasSlot = false
  }
}

function describeExit({ exitCode, startError }: ContainerExit) {
  if (startError !== undefined) return { exitCode, reason: 'StartError' as const, message: startError }
  return { exitCode, reason: exitCode === 0 ? ('Completed' as const) : ('Error' as const) }
}

function nextConfigMapChange(store: Store, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = (): void => {
      unsubscribe()
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const unsubscribe = store.subscribe('configmaps', wake)
    signal.addEventListener('abort', wake)
  })
}
