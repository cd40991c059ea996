import { once } from 'node:events'
import { createRepeatCounter } from '@opifer/history'
import { createAuthentication } from '@opifer/platform/auth'
import { parseConfig } from '@opifer/platform/config'
import { operationsApp } from '@opifer/platform/http'
import { createRunFlags, openRunQueue } from '@opifer/queue'
import { connectRedis, redisUnready } from '@opifer/platform/redis'
import { createLogger, createRegistry, NO_TRACING } from '@opifer/platform/telemetry'
import { createApp } from '../app.ts'
import { INGEST_OPTIONS } from '../config.ts'
import { createIntake } from '../intake.ts'
import { createMetrics } from '../metrics.ts'
import { watchPressure } from '../pressure.ts'

export type OpenIngest = ReturnType<typeof openIngest>

/** Ingest assembled like in `main.ts`, without process and server. */
export function openIngest(redisUrl: string, settings: Record<string, string> = {}) {
  const argv = Object.entries({ redisUrl, ...settings }).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(INGEST_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  const { config, files } = parsed
  const log = createLogger('test', 'silent')
  const registry = createRegistry()
  const redis = connectRedis(config, { kind: 'fail-fast', timeoutMs: config.redisTimeout }, log)
  const queue = openRunQueue(redis, config.queuePrefix)
  queue.on('error', () => {})
  const pressure = watchPressure({ redis, queue }, config)
  const flags = createRunFlags(redis, config.queuePrefix)
  const countRepeats = createRepeatCounter(redis, config.queuePrefix)
  const onRepeats = (runIds: string[], at: number) => void countRepeats(runIds, at).catch(() => {})
  const intake = createIntake({ redis, queue, pressure, flags, onRepeats }, config)
  const auth = createAuthentication(config, { files, log })
  const operations = operationsApp({ registry, unready: () => redisUnready(redis) })
  const metrics = createMetrics(registry)
  const app = createApp({ intake, metrics, auth, tracing: NO_TRACING, log, operations }, config)
  return {
    config,
    redis,
    queue,
    flags,
    intake,
    app,
    /** Resolves once Redis is connected. */
    async ready() {
      if (redis.status !== 'ready') await once(redis, 'ready')
    },
    async close() {
      await auth.close()
      await pressure.stop()
      await queue.close()
      redis.disconnect()
    },
  }
}
