import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '@opifer/testkit'
import { type Memory, memoryOf } from './process-stats.ts'

export interface ProgramOptions {
  flags?: readonly string[]
  /** File name of its CPU profile (default not profiled). */
  profile?: string
}

/** A running ingest or worker program. */
export interface Program {
  pid: number
  url: string
  /** Milliseconds from its start until it was ready. */
  startupMs: number
  memory(): Memory
  stop(): Promise<void>
}

interface Environment {
  dir: string
  redisUrl: string
  profileDir: string | undefined
}

let started = 0

/** Bundles the programs as for their images, to measure what runs in production. */
export async function bundlePrograms(dir: string): Promise<void> {
  const script = fileURLToPath(new URL('../../scripts/bundle.mjs', import.meta.url))
  await promisify(execFile)(process.execPath, [script, dir])
}

/**
 * Starts a program and waits until it is ready. Its log goes to a file, as with a container runtime: reading it here would
 * take processor time from the programs under test.
 */
export async function startProgram(
  app: 'ingest' | 'worker',
  { dir, redisUrl, profileDir }: Environment,
  { flags = [], profile }: ProgramOptions,
): Promise<Program> {
  const main = join(dir, app, 'app/bin/main.mjs')
  const addr = `127.0.0.1:${await freePort()}`
  const logFile = join(dir, `${app}-${++started}.log`)
  const log = openSync(logFile, 'w')
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...profiling(profileDir, profile), main, `--addr=${addr}`, ...flags], {
    env: { ...imageSettings(app), ...process.env, OPIFER_REDIS_URL: redisUrl },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const exited = once(child, 'exit')
  const killChild = () => child.kill('SIGKILL')
  process.once('exit', killChild)
  const url = `http://${addr}`
  await untilReady(url, () => child.exitCode === null, logFile)
  return {
    pid: child.pid ?? 0,
    url,
    startupMs: performance.now() - startedAt,
    memory: () => memoryOf(child.pid ?? 0),
    async stop() {
      process.off('exit', killChild)
      child.kill('SIGTERM')
      // The profile is written at exit; a large one takes a while.
      const killer = setTimeout(killChild, 40_000)
      await exited
      clearTimeout(killer)
    },
  }
}

/** Environment variables of the program's image. */
function imageSettings(app: string): NodeJS.ProcessEnv {
  const stages = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8').split(/^FROM /m)
  const stage = stages.find((text) => text.startsWith(`runtime AS ${app}\n`))
  if (stage === undefined) throw new Error(`the Dockerfile has no stage ${app} to read its environment from`)
  const [, settings] = /^ENV (.*)$/m.exec(stage) ?? []
  return Object.fromEntries(settings?.split(' ').map((setting) => setting.split(/=(.*)/).slice(0, 2)) ?? [])
}

function profiling(dir: string | undefined, name: string | undefined): string[] {
  if (dir === undefined || name === undefined) return []
  return ['--cpu-prof', `--cpu-prof-dir=${dir}`, `--cpu-prof-name=${name}.cpuprofile`]
}

const READY_TIMEOUT_MS = 20_000

async function untilReady(url: string, isAlive: () => boolean, logFile: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (isAlive() && performance.now() < deadline) {
    const response = await fetch(`${url}/readiness`).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok) return
    await sleep(5)
  }
  throw new Error(`${url} is not ready; its log:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`)
}
