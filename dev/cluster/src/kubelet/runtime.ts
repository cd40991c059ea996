import type { Pod } from '../controllers/pod-types.ts'
import type { Launch } from './launch.ts'

/** What runs containers: local processes, or nothing at all in a simulation. */
export interface ContainerRuntime {
  open(pod: Pod): Sandbox
  /** All sandboxes must be closed before. */
  close(): void
}

/** What the containers of one pod share. */
export interface Sandbox {
  /** Never throws: a container that cannot start has exited already. */
  start(launch: Launch, onOutput: (chunk: Buffer) => void): RunningContainer
  /** Cleans up, when all containers have exited. */
  close(): Promise<void>
}

export interface RunningContainer {
  started: boolean
  exit: Promise<ContainerExit>
  signal(signal: 'SIGTERM' | 'SIGKILL'): void
}

export interface ContainerExit {
  exitCode: number
  /** Why it could not start. */
  startError?: string
}
