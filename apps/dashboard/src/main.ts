import { randomUUID } from 'node:crypto'
import {
  createDepthLog,
  createHistoryReader,
  createPresence,
  createPublishedOperarios,
  startHeartbeat,
} from '@opifer/history'
import { createAuthentication } from '@opifer/platform/auth'
import { hostGuard, openTls, operationsApp, mountOperations, serveHttp } from '@opifer/platform/http'
import { runProcess, VERSION } from '@opifer/platform/process'
import { createRunFlags, openRunQueue } from '@opifer/queue'
import { connectRedis, redisUnready } from '@opifer/platform/redis'
import { createRegistry, registerRedisMetrics } from '@opifer/platform/telemetry'
import { createApp } from './app.ts'
import { DASHBOARD_OPTIONS, dashboardErrors } from './config.ts'
import { followChanges } from './http/live/follow-changes.ts'
import { createLiveHub } from './http/live/hub.ts'
import { createMetrics } from './metrics.ts'
import type { DashboardDeps } from './runs/deps.ts'
import { sampleDepth } from './runs/sample-depth.ts'

/** Set by the image build; unknown when run from source. */
const BUILD = {
  version: VERSION,
  commit: process.env['OPIFER_REVISION'] ?? 'unknown',
  buildDate: process.env['OPIFER_CREATED'] ?? 'unknown',
}

await runProcess(
  {
    name: 'dashboard',
    options: DASHBOARD_OPTIONS,
    argv: process.argv.slice(2),
    env: process.env,
    check: dashboardErrors,
  },
  async ({ config, files, log, lifecycle, tracing }) => {
    const { queuePrefix: prefix, historyMaxAge, redisTimeout: timeoutMs } = config
    const registry = createRegistry()

    const redis = connectRedis(config, { kind: 'fail-fast', timeoutMs }, log)
    lifecycle.onClose('redis', () => redis.disconnect())
    const queue = openRunQueue(redis, prefix, tracing.queueOptions)
    queue.on('error', (err) => log.debug({ err }, 'queue error'))
    lifecycle.onClose('queue', () => queue.close())
    registerRedisMetrics(registry, { redis, queue })

    const live = createLiveHub({ maxClients: config.maxViewers })
    const metrics = createMetrics(registry, live)
    const deps: DashboardDeps = {
      queue,
      history: createHistoryReader(redis, prefix),
      catalogue: createPublishedOperarios(redis, prefix, historyMaxAge),
      presence: createPresence(redis, prefix),
      depth: createDepthLog(redis, prefix, historyMaxAge),
      flags: createRunFlags(redis, prefix),
      onAction(action) {
        metrics.acted(action.action, action.result)
        log.info(action, 'operator action')
      },
      now: Date.now,
      newId: randomUUID,
    }
    const sampling = sampleDepth(deps, (err) => log.debug({ err }, 'queue depth sample failed'))
    lifecycle.onClose('sampling', () => sampling.stop())

    const auth = createAuthentication(config, { files, log })
    lifecycle.onClose('authentication', () => auth.close())
    const tls = openTls(config, { files, log })
    lifecycle.onClose('certificates', () => tls?.close())

    const allOperations = operationsApp({ registry, unready: () => redisUnready(redis) })
    const operations = await mountOperations(allOperations, config.operationsAddr, { log, lifecycle })
    const app = createApp({
      ...deps,
      live,
      auth,
      hosts: hostGuard(config),
      log,
      build: BUILD,
      operations,
    })
    const server = await serveHttp(app, config.addr, { tls })
    lifecycle.onClose('server', () => server.close())

    const present = startHeartbeat('dashboard', redis, prefix, log)
    lifecycle.onClose('presence', () => present.stop())

    // One subscription for all clients. A subscribed connection accepts no other commands.
    const listener = connectRedis(config, { kind: 'wait' }, log)
    lifecycle.onClose('listener', () => listener.disconnect())
    void followChanges(listener, prefix, live).catch((err: unknown) => {
      log.warn({ err }, 'live updates unavailable')
    })
    // Closes before the server, which waits for open streams.
    lifecycle.onClose('live', () => live.close())
    log.info({ ...server.address, tls: tls !== undefined }, 'dashboard listening')
  },
)
