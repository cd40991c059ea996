import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { OutputLines } from './output-lines.ts'

export interface ProcessOptions {
  readonly command: string
  readonly args?: readonly string[]
  /** Added to this process's own environment; `undefined` takes a variable away. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** The process counts as started once it has printed a line that matches. */
  readonly readyLine?: RegExp
  readonly readyTimeout?: number
}

export interface ManagedProcess {
  readonly pid: number
  /** Everything printed so far, stdout and stderr in order of arrival. */
  readonly lines: readonly string[]
  /** The exit code as a shell reports it: 128 + n when signal n ended the process. */
  readonly exited: Promise<number>
  /** The first line that matches, printed already or to come. */
  waitForLine(pattern: RegExp, timeout?: number): Promise<string>
  signal(name: NodeJS.Signals): void
  /** Sends SIGTERM and resolves with the exit code; a process that is still there after the timeout is killed: 137. */
  stop(timeout?: number): Promise<number>
  /** Sends SIGKILL and resolves when the process is gone. */
  kill(): Promise<number>
}

const TIMEOUT = 10_000

const running = new Set<ChildProcess>()
process.on('exit', killLeftovers)

/** Starts a real process and waits until it is ready. */
export async function startProcess(options: ProcessOptions): Promise<ManagedProcess> {
  const child = spawn(options.command, options.args ?? [], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = new OutputLines()
  output.read(child.stdout)
  output.read(child.stderr)
  await once(child, 'spawn')
  const managed = manage(child, output)
  if (options.readyLine !== undefined) await untilReady(managed, options.readyLine, options.readyTimeout)
  return managed
}

/** Kills every process started here that nobody has stopped, as after a test that failed half-way. */
export function killLeftovers(): void {
  for (const child of running) child.kill('SIGKILL')
}

function manage(child: ChildProcess, output: OutputLines): ManagedProcess {
  running.add(child)
  const exited = exitOf(child, output)
  return {
    pid: child.pid ?? 0,
    lines: output.all,
    exited,
    waitForLine: (pattern, timeout = TIMEOUT) => output.waitFor(pattern, timeout),
    signal(name) {
      child.kill(name)
    },
    stop(timeout = TIMEOUT) {
      child.kill('SIGTERM')
      // A paused process sees its SIGTERM only once it goes on.
      child.kill('SIGCONT')
      const killer = setTimeout(() => child.kill('SIGKILL'), timeout)
      return exited.finally(() => clearTimeout(killer))
    },
    kill() {
      child.kill('SIGKILL')
      return exited
    },
  }
}

/** Waits for `close` and not for `exit`: only then has everything the process printed been read. */
async function exitOf(child: ChildProcess, output: OutputLines): Promise<number> {
  await once(child, 'close')
  running.delete(child)
  output.end()
  return child.exitCode ?? 128 + constants.signals[child.signalCode ?? 'SIGKILL']
}

async function untilReady(managed: ManagedProcess, readyLine: RegExp, timeout?: number): Promise<void> {
  try {
    await managed.waitForLine(readyLine, timeout)
  } catch (error) {
    await managed.kill()
    throw error
  }
}
