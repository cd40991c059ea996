import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import type { Launch } from './launch.ts'
import type { ContainerExit, ContainerRuntime, RunningContainer, Sandbox } from './runtime.ts'

/**
 * Runs containers as processes of this machine, as this user, with this machine's files and network: nothing of an image's
 * isolation is there. `securityContext` and `resources` are not applied, volumes are not mounted, and paths in `command` and
 * `workingDir` are this machine's. A container has its own process group, which ends with it. Two things escape: a process
 * that leaves the group by `setsid`, and all of them when this process itself is killed by SIGKILL.
 */
export function createProcessRuntime(workDir: string): ContainerRuntime {
  const running = new Set<RunningContainer>()
  const killAll = (): void => {
    for (const container of running) container.signal('SIGKILL')
  }
  // The groups are not this process's own, so they would outlive it.
  process.once('exit', killAll)

  function open(uid: string): Sandbox {
    const home = join(workDir, uid)
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
  }

  return { open: ({ metadata }) => open(metadata.uid), close: () => void process.off('exit', killAll) }
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
        // Once the container has exited its group is gone, and another may have its number.
        if (child.exitCode === null && child.signalCode === null) signalGroup(child, signal)
      },
    }
  } catch (error) {
    // Some failures, such as E2BIG or a zero byte in a word, are thrown; others come as an event.
    return { started: false, exit: Promise.resolve(startError(launch, home, error as Error)), signal() {} }
  }
}

function spawnGroup({ argv: [program = '', ...args], container, env }: Launch, home: string): ChildProcess {
  return spawn(program, args, {
    cwd: resolve(home, container.workingDir ?? ''),
    // The container's own variables and no other of this process: a worker must not depend on its developer's shell.
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
    // Children that the container left behind end with it, as they do when the first process of a PID namespace ends.
    signalGroup(child, 'SIGKILL')
    // One that escaped may hold the pipes open: the container's end does not wait for it long.
    const linger = setTimeout(() => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    }, lingerMs)
    child.once('close', () => clearTimeout(linger))
  })
  child.once('close', (code, signal) => exit({ exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0) }))
  return promise
}

function signalGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // The group has no process any more.
  }
}

function startError({ argv, container }: Launch, home: string, error: Error): ContainerExit {
  const cwd = resolve(home, container.workingDir ?? '')
  // The system reports a missing directory as it does a missing program.
  const cause = existsSync(cwd) ? error.message : `this machine has no working directory ${cwd}`
  // As container runtimes have it for a container that could not be started.
  return { exitCode: 128, startError: `failed to start ${JSON.stringify(argv[0])}: ${cause}` }
}

const lingerMs = 1000
