import { createRepeatCounter, startHeartbeat } from '@opifer/history'
import { createAuthentication } from '@opifer/platform/auth'
import { mountOperations, openTls, operationsApp, serveHttp } from '@opifer/platform/http'
import { runProcess } from '@opifer/platform/process'
import { createRunFlags, openRunQueue } from '@opifer/queue'
import { connectRedis, redisUnready } from '@opifer/platform/redis'
import { createRegistry, registerRedisMetrics } from '@opifer/platform/telemetry'
import { createApp } from './app.ts'
import { INGEST_OPTIONS, ingestErrors } from './config.ts'
import { createIntake } from './intake.ts'
import { createMetrics } from './metrics.ts'
import { watchPressure } from './pressure.ts'

await runProcess(
  { name: 'ingest', options: INGEST_OPTIONS, argv: process.argv.slice(2), env: process.env, check: ingestErrors },
  async ({ config, files, log, lifecycle, tracing }) => {
    const registry = createRegistry()

    const redis = connectRedis(config, { kind: 'fail-fast', timeoutMs: config.redisTimeout }, log)
    lifecycle.onClose('redis', () => redis.disconnect())
    const queue = openRunQueue(redis, config.queuePrefix, tracing.queueOptions)
    queue.on('error', (err) => log.debug({ err }, 'queue'))
    lifecycle.onClose('queue', () => queue.close())
    registerRedisMetrics(registry, { redis, queue })

    const pressure = watchPressure({ redis, queue }, config)
    lifecycle.onClose('pressure check', () => pressure.stop())
    const countRepeats = createRepeatCounter(redis, config.queuePrefix)
    // The count is for display only, so no webhook waits for it.
    const onRepeats = (runIds: string[], at: number) =>
      void countRepeats(runIds, at).catch((err: unknown) => log.debug({ err }, 'could not count repeats'))
    const flags = createRunFlags(redis, config.queuePrefix)
    const isTraced = tracing.queueOptions.telemetry !== undefined
    const intake = createIntake({ redis, queue, pressure, flags, onRepeats, isTraced }, config)

    const auth = createAuthentication(config, { files, log })
    lifecycle.onClose('authentication', () => auth.close())
    const tls = openTls(config, { files, log })
    lifecycle.onClose('certificates', () => tls?.close())

    const allOperations = operationsApp({ registry, unready: () => redisUnready(redis) })
    const operations = await mountOperations(allOperations, config.operationsAddr, { log, lifecycle })
    const app = createApp(
      {
        intake,
        metrics: createMetrics(registry),
        auth,
        tracing,
        log,
        operations,
      },
      config,
    )
    const server = await serveHttp(app, config.addr, { tls })
    lifecycle.onClose('server', () => server.close())
    const presence = startHeartbeat('ingest', redis, config.queuePrefix, log)
    lifecycle.onClose('presence', () => presence.stop())
    log.info({ ...server.address, tls: tls !== undefined }, 'ingest listening')
  },
)
