import { once } from 'node:events'
import {
  createDepthLog,
  createHistoryReader,
  createHistoryWriter,
  createPresence,
  createPublishedOperarios,
} from '@opifer/history'
import { createRecorder } from '@opifer/history/testing'
import { createAuthentication } from '@opifer/platform/auth'
import { parseConfig } from '@opifer/platform/config'
import { hostGuard, operationsApp } from '@opifer/platform/http'
import { createRunFlags, openRunQueue } from '@opifer/queue'
import { connectRedis, redisUnready } from '@opifer/platform/redis'
import { createLogger, createRegistry } from '@opifer/platform/telemetry'
import { createApp } from '../app.ts'
import { DASHBOARD_OPTIONS } from '../config.ts'
import type { Action } from '../runs/deps.ts'
import { createLiveHub } from '../http/live/hub.ts'

export type OpenDashboard = Awaited<ReturnType<typeof openDashboard>>

const WEEK_MS = 7 * 24 * 3_600_000

/** The dashboard as `main.ts` wires it, without a process and a server, plus a writer for the history it shows. */
export async function openDashboard(redisUrl: string, settings: Record<string, string> = {}, now = Date.now) {
  const argv = Object.entries({ redisUrl, ...settings }).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(DASHBOARD_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  const { config, files } = parsed
  const { queuePrefix: prefix } = config
  const log = createLogger('test', 'silent')
  const redis = connectRedis(config, { kind: 'fail-fast', timeoutMs: config.redisTimeout }, log)
  const queue = openRunQueue(redis, prefix)
  queue.on('error', () => {})
  if (redis.status !== 'ready') await once(redis, 'ready')
  const catalogue = createPublishedOperarios(redis, prefix, WEEK_MS)
  const presence = createPresence(redis, prefix)
  const depth = createDepthLog(redis, prefix, WEEK_MS)
  const live = createLiveHub({ batchMs: 5, maxClients: config.maxViewers })
  const auth = createAuthentication(config, { files, log })
  const acted: Action[] = []
  let ids = 0
  const history = createHistoryReader(redis, prefix)
  const kept = { historyMaxAge: WEEK_MS, historyMaxRuns: 50_000 }
  const app = createApp({
    queue,
    history,
    catalogue,
    presence,
    depth,
    flags: createRunFlags(redis, prefix),
    live,
    onAction: (action) => void acted.push(action),
    now,
    newId: () => `fresh-${++ids}`,
    auth,
    hosts: hostGuard(config),
    log,
    build: { version: '1.2.3', commit: 'c0ffee', buildDate: '2026-11-24' },
    operations: operationsApp({ registry: createRegistry(), unready: () => redisUnready(redis) }),
  })
  return {
    app,
    redis,
    queue,
    prefix,
    live,
    history,
    catalogue,
    presence,
    depth,
    acted,
    recorder: createRecorder(redis, prefix, kept),
    writer: createHistoryWriter(redis, prefix, kept, (err) => log.error({ err }, 'history')),
    async close() {
      live.close()
      await auth.close()
      await queue.close()
      redis.disconnect()
    },
  }
}
