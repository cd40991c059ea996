import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import type { Launch } from './launch.ts'

export interface ProcessRuntime {
  open(podUid: string): Sandbox
  /** All sandboxes must be closed before. */
  close(): void
}

/** What the containers of one pod share. */
export interface Sandbox {
  /** Never throws: a container that cannot start has already exited. */
  start(launch: Launch, onOutput: (chunk: Buffer) => void): RunningContainer
  /** Cleans up once all containers have exited. */
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

/**
 * Runs containers as local processes, as this user, with this machine's files and network, without any isolation.
 * `securityContext` and `resources` are not applied, volumes are not mounted, and paths in `command` and `workingDir` are
 * local paths. A container has its own process group, which ends with it. Two things escape: a process that leaves the
 * group with `setsid`, and all of them if this process is killed by SIGKILL.
 */
export function createProcessRuntime(workDir: string): ProcessRuntime {
  const running = new Set<RunningContainer>()
  const killAll = (): void => {
    for (const container of running) container.signal('SIGKILL')
  }
  // The process groups would outlive this process.
  process.once('exit', killAll)

  return {
    open(podUid) {
      const home = join(workDir, podUid)
      mkdirSync(home, { recursive: true, mode: 0o700 })
      return {
        start(launch, onOutput) {
          const container = startProcess(launch, home, onOutput)
          running.add(container)
          void container.exit.then(() => running.delete(container))
          return container
        },
        close: () => rm(home, { recursive: true, force: true, maxRetries: 3 }),
      }
    },
    close: () => void process.off('exit', killAll),
  }
}

function startProcess(launch: Launch, home: string, onOutput: (chunk: Buffer) => void): RunningContainer {
  try {
    const child = spawnGroup(launch, home)
    child.stdout?.on('data', onOutput)
    child.stderr?.on('data', onOutput)
    return {
      started: child.pid !== undefined,
      exit: exitOf(child, (error) => startError(launch, home, error)),
      signal(signal) {
        // After the exit another group may have its number.
        if (child.exitCode === null && child.signalCode === null) signalGroup(child, signal)
      },
    }
  } catch (error) {
    // Some failures, such as E2BIG or a zero byte in a word, are thrown; others are emitted.
    return { started: false, exit: Promise.resolve(startError(launch, home, error as Error)), signal() {} }
  }
}

function spawnGroup({ argv: [program = '', ...args], container, env }: Launch, home: string): ChildProcess {
  return spawn(program, args, {
    cwd: resolve(home, container.workingDir ?? ''),
    // Nothing of this process's environment: a worker must not depend on its developer's shell.
    env: { PATH: process.env['PATH'], HOME: home, ...Object.fromEntries(env) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
}

function exitOf(child: ChildProcess, failed: (error: Error) => ContainerExit): Promise<ContainerExit> {
  const { promise, resolve: exit } = Promise.withResolvers<ContainerExit>()
  if (child.pid === undefined) {
    child.once('error', (error) => exit(failed(error)))
    return promise
  }
  child.once('exit', () => {
    // The remaining children end with the container, as when the first process of a PID namespace ends.
    signalGroup(child, 'SIGKILL')
    // One that escaped may hold the pipes open: do not wait for it long.
    const linger = setTimeout(() => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    }, LINGER_MS)
    child.once('close', () => clearTimeout(linger))
  })
  child.once('close', (code, signal) => exit({ exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0) }))
  return promise
}

const LINGER_MS = 1000

function signalGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // The group has no process left.
  }
}

/** Exit code 128, as container runtimes report a container that could not start. */
function startError({ argv, container }: Launch, home: string, error: Error): ContainerExit {
  const cwd = resolve(home, container.workingDir ?? '')
  // The system reports a missing directory like a missing program.
  const cause = existsSync(cwd) ? error.message : `this machine has no working directory ${cwd}`
  return { exitCode: 128, startError: `failed to start ${JSON.stringify(argv[0])}: ${cause}` }
}
