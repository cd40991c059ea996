import { createRepeatCounter, stayPresent } from '@opifer/history'
import { connectRedis, createMarks, createRegistry, runProcess, serveHttp } from '@opifer/platform'
import { createApp } from './app.ts'
import { authentication, authFaults, INGEST_OPTIONS } from './config.ts'
import { createIntake } from './intake.ts'
import { createMetrics } from './metrics.ts'
import { watchPressure } from './pressure.ts'
import { openQueue } from './queue.ts'

await runProcess(
  { name: 'ingest', options: INGEST_OPTIONS, argv: process.argv.slice(2), env: process.env, check: authFaults },
  async ({ config, log, lifecycle }) => {
    const registry = createRegistry()

    const redis = connectRedis(config, { kind: 'fail-fast', timeoutMs: config.redisTimeout }, log)
    lifecycle.onClose('redis', () => redis.disconnect())
    const queue = openQueue(redis, config.queuePrefix)
    queue.on('error', (err) => log.debug({ err }, 'queue'))
    lifecycle.onClose('queue', () => queue.close())

    const pressure = watchPressure({ redis, queue }, config)
    lifecycle.onClose('look-out for pressure', () => pressure.stop())
    const countRepeats = createRepeatCounter(redis, config.queuePrefix)
    // Nobody relies on the count, so no webhook waits for it.
    const onRepeats = (runIds: string[], at: number) =>
      void countRepeats(runIds, at).catch((err: unknown) => log.debug({ err }, 'repeats were not counted'))
    const intake = createIntake(
      { redis, queue, pressure, marks: createMarks(redis, config.queuePrefix), onRepeats },
      config,
    )
    const app = createApp(
      { intake, redis, registry, metrics: createMetrics(registry), auth: authentication(config), log },
      config,
    )
    const server = await serveHttp(app, config.addr)
    lifecycle.onClose('server', () => server.close())
    const presence = stayPresent('ingest', redis, config.queuePrefix, log)
    lifecycle.onClose('presence', () => presence.stop())
    log.info(server.address, 'ingest is listening')
  },
)
