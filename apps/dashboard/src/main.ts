import { randomUUID } from 'node:crypto'
import { createCatalogue, createDepthLog, createHistoryReader, createPresence, stayPresent } from '@opifer/history'
import { createAuthentication } from '@opifer/platform/auth'
import { hostGuard, openTls, operationsApp, mountOperations, serveHttp } from '@opifer/platform/http'
import { runProcess, VERSION } from '@opifer/platform/process'
import { createMarks, openRuns } from '@opifer/queue'
import { connectRedis, redisUnready } from '@opifer/platform/redis'
import { createRegistry, registerRedisMetrics } from '@opifer/platform/telemetry'
import { createApp } from './app.ts'
import { DASHBOARD_OPTIONS, dashboardFaults } from './config.ts'
import type { DashboardDeps } from './deps.ts'
import { followHistory } from './live/follow-history.ts'
import { createLiveHub } from './live/hub.ts'
import { sampleDepth } from './live/sample-depth.ts'
import { createMetrics } from './metrics.ts'

/** As its image was built; what runs from its source has no build. */
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
    check: dashboardFaults,
  },
  async ({ config, files, log, lifecycle, tracing }) => {
    const { queuePrefix: prefix, historyMaxAge, redisTimeout: timeoutMs } = config
    const registry = createRegistry()

    const redis = connectRedis(config, { kind: 'fail-fast', timeoutMs }, log)
    lifecycle.onClose('redis', () => redis.disconnect())
    const queue = openRuns(redis, prefix, tracing.queueOptions)
    queue.on('error', (err) => log.debug({ err }, 'queue'))
    lifecycle.onClose('queue', () => queue.close())
    registerRedisMetrics(registry, { redis, queue })

    const live = createLiveHub({ maxViewers: config.maxViewers })
    const metrics = createMetrics(registry, live)
    const deps: DashboardDeps = {
      redis,
      queue,
      history: createHistoryReader(redis, prefix),
      catalogue: createCatalogue(redis, prefix, historyMaxAge),
      presence: createPresence(redis, prefix),
      depth: createDepthLog(redis, prefix, historyMaxAge),
      marks: createMarks(redis, prefix),
      live,
      onAction(action) {
        metrics.acted(action.action, action.result)
        log.info(action, 'somebody acted on a run')
      },
      now: Date.now,
      newId: randomUUID,
    }
    const sampling = sampleDepth(deps, (err) => log.debug({ err }, 'the depth of the queue is not known now'))
    lifecycle.onClose('sampling', () => sampling.stop())

    const auth = createAuthentication(config, { files, log })
    lifecycle.onClose('authentication', () => auth.close())
    const tls = openTls(config, { files, log })
    lifecycle.onClose('certificates', () => tls?.close())

    const allOperations = operationsApp({ registry, unready: () => redisUnready(redis) })
    const operations = await mountOperations(allOperations, config.operationsAddr, { log, lifecycle })
    const app = createApp({
      ...deps,
      auth,
      hosts: hostGuard(config),
      log,
      build: BUILD,
      operations,
    })
    const server = await serveHttp(app, config.addr, { tls })
    lifecycle.onClose('server', () => server.close())

    const present = stayPresent('dashboard', redis, prefix, log)
    lifecycle.onClose('presence', () => present.stop())

    // One for all viewers. A connection that listens can do nothing else.
    const listener = connectRedis(config, { kind: 'wait' }, log)
    lifecycle.onClose('listener', () => listener.disconnect())
    void followHistory(listener, prefix, live).catch((err: unknown) => {
      log.warn({ err }, 'pages are not kept up to date')
    })
    // Before the server, which waits for its viewers to go.
    lifecycle.onClose('viewers', () => live.close())
    log.info({ ...server.address, tls: tls !== undefined }, 'dashboard is listening')
  },
)
