import type { Container, Pod } from '../controllers/pod-types.ts'
import { startTimer } from '../controllers/timer.ts'
import type { Store } from '../store/types.ts'
import type { ConfigMapWatch } from './config-map-watch.ts'
import { type ContainerRunContext, runContainer } from './container-run.ts'
import type { ImageCatalogue } from './image-catalogue.ts'
import { type Launch, type LaunchAttempt, prepareLaunch, type Waiting } from './launch.ts'
import { createPodReport, type PodReport } from './pod-report.ts'
import { type ContainerRecord, hasSucceeded } from './pod-status.ts'
import type { ContainerRuntime, RunningContainer, Sandbox } from './runtime.ts'
import type { Slots } from './slots.ts'

export interface PodWorkerOptions extends Pick<ContainerRunContext, 'logs' | 'events' | 'timing' | 'now'> {
  store: Store
  images: ImageCatalogue
  configMaps: ConfigMapWatch
  runtime: ContainerRuntime
  slots: Slots
}

/** Runs one pod from its acceptance to its end, and writes its status meanwhile. */
export class PodWorker {
  /** Resolves when no process of the pod is left and its last status is written. */
  readonly done: Promise<void>

  readonly #pod: Pod
  readonly #options: PodWorkerOptions
  readonly #stopping = new AbortController()
  readonly #running = new Set<RunningContainer>()
  readonly #timers: NodeJS.Timeout[] = []
  #hasSlot = false

  constructor(pod: Pod, options: PodWorkerOptions) {
    this.#pod = pod
    this.#options = options
    this.done = this.#run()
  }

  /** Ends the pod: SIGTERM, and SIGKILL for what is left after the grace period. */
  terminate(graceSeconds: number): void {
    if (this.#stopping.signal.aborted) return
    this.#stopping.abort()
    if (this.#running.size > 0) this.#tell('Normal', 'Killing', 'Stopping the containers of the pod')
    this.#signal('SIGTERM')
    this.#timers.push(startTimer(graceSeconds * 1000, () => this.#signal('SIGKILL')))
  }

  /** Ends the pod at once. */
  kill(): void {
    this.#stopping.abort()
    this.#signal('SIGKILL')
  }

  async #run(): Promise<void> {
    try {
      if (await this.#takeSlot()) await this.#live()
    } finally {
      for (const timer of this.#timers) clearTimeout(timer)
      this.#freeSlot()
    }
  }

  async #live(): Promise<void> {
    const { store, runtime, now } = this.#options
    const report = createPodReport(this.#pod, store, now)
    this.#watchDeadline(report)
    this.#mentionVolumes()
    const sandbox = runtime.open(this.#pod)
    await this.#runContainers(report, sandbox)
    report.record.ended = true
    report.write()
    await sandbox.close()
  }

  /** Init containers one by one, then all the others together. */
  async #runContainers(report: PodReport, sandbox: Sandbox): Promise<void> {
    const { init, main } = report.record
    const context = {
      ...this.#options,
      pod: this.#pod,
      report,
      sandbox,
      running: this.#running,
      stopping: this.#stopping.signal,
    }
    for (const group of [...init.map((record) => [record]), main]) {
      const launches = await this.#untilLaunchable(group, report)
      await Promise.all(launches.map(({ launch, record }) => runContainer(launch, record, context)))
      if (!group.every(hasSucceeded)) return
    }
  }

  /** Waits, without holding a slot, until the ConfigMaps that the containers need are there. Empty when the pod ends first. */
  async #untilLaunchable(group: readonly ContainerRecord[], report: PodReport): Promise<LaunchedRecord[]> {
    const { namespace } = this.#pod.metadata
    while (this.#hasSlot || (await this.#takeSlot())) {
      const attempts = group.map((record) => ({ record, attempt: this.#prepare(record.container) }))
      const ready = attempts.flatMap(({ record, attempt }) => (attempt.ok ? [{ record, launch: attempt.launch }] : []))
      if (ready.length === group.length) return ready
      for (const { record, attempt } of attempts) if (!attempt.ok) this.#showWaiting(record, attempt.waiting)
      report.changed()
      this.#freeSlot()
      await this.#options.configMaps.nextChange(namespace, this.#stopping.signal)
    }
    return []
  }

  #prepare(container: Container): LaunchAttempt {
    const { store, images } = this.#options
    const { namespace } = this.#pod.metadata
    const configMap = (name: string) => {
      const found = store.get('configmaps', namespace, name)
      return found && ((found['data'] ?? {}) as Record<string, string>)
    }
    return prepareLaunch(container, { pod: this.#pod, images, configMap })
  }

  #showWaiting(record: ContainerRecord, waiting: Waiting): void {
    if (record.state.waiting?.message === waiting.message) return
    record.state = { waiting }
    this.#tell('Warning', 'Failed', `${waiting.reason}: ${waiting.message}`)
  }

  #watchDeadline({ record }: PodReport): void {
    const { activeDeadlineSeconds, terminationGracePeriodSeconds = 30 } = this.#pod.spec
    if (activeDeadlineSeconds === undefined) return
    const end = (): void => {
      record.cause = {
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      }
      this.terminate(terminationGracePeriodSeconds)
    }
    this.#timers.push(startTimer(activeDeadlineSeconds * 1000, end))
  }

  /** What cannot be done must be said, or the author looks for a fault of their own. */
  #mentionVolumes(): void {
    const { containers, initContainers = [] } = this.#pod.spec
    const mounts = [...initContainers, ...containers].flatMap(({ volumeMounts = [] }) => volumeMounts)
    const names = [...new Set(mounts.map(({ name }) => name))]
    if (names.length === 0) return
    this.#tell(
      'Warning',
      'FailedMount',
      `volumes are not mounted, containers run as local processes: ${names.join(', ')}`,
    )
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    for (const container of this.#running) container.signal(signal)
  }

  #tell(type: 'Normal' | 'Warning', reason: string, message: string): void {
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

interface LaunchedRecord {
  record: ContainerRecord
  launch: Launch
}
