import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { OutputLines } from './output-lines.ts'

export interface ProcessOptions {
  readonly command: string
  readonly args?: readonly string[]
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** `startProcess` waits for a line that matches. */
  readonly readyLine?: RegExp
  readonly readyTimeout?: number
}

export interface ManagedProcess {
  readonly pid: number
  /** All output so far, stdout and stderr in order of arrival. */
  readonly lines: readonly string[]
  /** Exit code as a shell reports it: 128 + n when signal n killed the process. */
  readonly exited: Promise<number>
  /** The first line that matches, past or future. Rejects after the timeout, or if the process ends first. */
  waitForLine(pattern: RegExp, timeout?: number): Promise<string>
  signal(name: NodeJS.Signals): void
  /** Sends SIGTERM, then SIGKILL after the timeout. Resolves with the exit code (137 if killed). */
  stop(timeout?: number): Promise<number>
  /** Sends SIGKILL and resolves when the process has exited. */
  kill(): Promise<number>
}

const TIMEOUT = 10_000

const running = new Set<ChildProcess>()
process.on('exit', killLeftovers)

/**
 * Starts a process and waits until it is ready. SIGKILL ends it at the latest when this process exits, even if it is paused.
 *
 * Plain `spawn` on purpose: execa adds 100 ms to the import of every test file, and its cleanup sends SIGTERM, which a
 * paused process does not see.
 */
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

/** Kills every process that is still running, such as those of a test that failed half-way. */
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
      // A paused process gets SIGTERM only once it continues.
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

/** `close`, not `exit`: all output has been read only then. */
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
