import { fileURLToPath } from 'node:url'
import { type ManagedProcess, startProcess } from './child-process.ts'

export interface OpiferOptions {
  redisUrl: string
  /** Flags in addition to those for Redis and the address, e.g. `--cooldown=0`. */
  flags?: readonly string[]
  /** Listen address (default a free port on 127.0.0.1). */
  addr?: string
  /** Added to this process's environment. */
  env?: NodeJS.ProcessEnv
}

export interface OpiferProcess extends ManagedProcess {
  /** Base URL of its HTTP server. */
  url: string
}

/** Starts the ingest program and waits until it is connected to Redis, or for another `readyLine`. */
export function startIngest(options: OpiferOptions, readyLine = /"connected to Redis"/): Promise<OpiferProcess> {
  return startOpifer('ingest', options, readyLine)
}

/** Starts the worker program and waits until it takes runs. */
export function startWorker(options: OpiferOptions & { kubeconfig: string }): Promise<OpiferProcess> {
  const flags = [`--kubeconfig=${options.kubeconfig}`, ...(options.flags ?? [])]
  return startOpifer('worker', { ...options, flags }, /"worker is ready"/)
}

/** Starts the dashboard program and waits until it is connected to Redis. */
export function startDashboard(options: OpiferOptions): Promise<OpiferProcess> {
  return startOpifer('dashboard', options, /"connected to Redis"/)
}

/** The main listener, not a separate one for operations. */
const LISTENING = /"port":(?!.*"operations )/

async function startOpifer(
  app: 'ingest' | 'worker' | 'dashboard',
  options: OpiferOptions,
  readyLine: RegExp,
): Promise<OpiferProcess> {
  const { redisUrl, flags = [], addr = '127.0.0.1:0', env = {} } = options
  const main = fileURLToPath(new URL(`../../../../apps/${app}/src/main.ts`, import.meta.url))
  const child = await startProcess({
    command: process.execPath,
    args: [main, `--addr=${addr}`, ...flags],
    env: { ...env, OPIFER_REDIS_URL: redisUrl },
    readyLine,
  })
  const listening = JSON.parse(await child.waitForLine(LISTENING)) as { host: string; port: number; tls?: boolean }
  return { ...child, url: `${listening.tls ? 'https' : 'http'}://${listening.host}:${listening.port}` }
}
