import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { type ManagedProcess, startProcess } from '../process/child-process.ts'
import { findExecutable } from '../process/executable.ts'

export interface RedisProcessOptions {
  readonly port: number
  readonly dir: string
  readonly args: readonly string[]
}

const IMAGE = 'redis:8'
const READY_LINE = /Ready to accept connections/
// The first start also pulls the image.
const PULL_TIMEOUT = 120_000

/** Starts redis-server: the local program if there is one, otherwise the official image. */
export function startRedisProcess(options: RedisProcessOptions): Promise<ManagedProcess> {
  const { port, dir, args } = options
  const command = findExecutable('redis-server')
  if (command === undefined) return startRedisContainer(options)
  return startProcess({
    command,
    args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...args],
    readyLine: READY_LINE,
  })
}

async function startRedisContainer({ port, dir, args }: RedisProcessOptions): Promise<ManagedProcess> {
  const docker = findExecutable('docker')
  if (docker === undefined) throw new Error('Redis is needed: install redis-server or Docker')
  const name = `opifer-redis-${randomUUID()}`
  const container = await startProcess({
    command: docker,
    args: [
      'run',
      '--rm',
      `--name=${name}`,
      `--publish=127.0.0.1:${port}:6379`,
      `--volume=${dir}:/data`,
      // As this user, so the files it leaves in the folder can be removed.
      `--user=${process.getuid?.()}:${process.getgid?.()}`,
      IMAGE,
      'redis-server',
      '--protected-mode',
      'no',
      ...args,
    ],
    readyLine: READY_LINE,
    readyTimeout: PULL_TIMEOUT,
  })
  // The Docker client forwards SIGTERM to the container, but cannot catch SIGKILL or SIGSTOP.
  const signal = (signalName: NodeJS.Signals) => {
    execFileSync(docker, ['kill', '--signal', signalName, name], { stdio: 'ignore' })
  }
  return {
    ...container,
    signal,
    kill() {
      signal('SIGKILL')
      return container.exited
    },
  }
}
