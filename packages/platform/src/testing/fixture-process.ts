/** A process for the tests of `runProcess`; `--mode` selects how it ends. */
import { setTimeout as delay } from 'node:timers/promises'
import { Hono } from 'hono'
import { COMMON_OPTIONS } from '../config/common.ts'
import { oneOf } from '../config/values.ts'
import { serveHttp } from '../http/serve.ts'
import { runProcess } from '../process/process.ts'

const mode = {
  schema: oneOf(['signal', 'broken start', 'uncaught', 'unhandled', 'stuck', 'stuck start'], 'signal'),
  help: '',
}

await runProcess(
  { name: 'fixture', options: { ...COMMON_OPTIONS, mode }, argv: process.argv.slice(2), env: {} },
  async ({ config, log, lifecycle }) => {
    lifecycle.onClose('first', () => log.info('first closed'))
    const app = new Hono().get('/', async (c) => c.text('ok'))
    const server = await serveHttp(app, { host: '127.0.0.1', port: 0 })
    lifecycle.onClose('server', () => server.close())
    lifecycle.onClose('broken', () => Promise.reject(new Error('no close')))
    if (config.mode.startsWith('stuck')) lifecycle.onClose('stuck', () => delay(60_000))
    if (config.mode.endsWith('start')) throw new Error('no start')
    if (config.mode === 'uncaught') setTimeout(() => JSON.parse('{'), 0)
    if (config.mode === 'unhandled') void Promise.reject(new Error('not awaited'))
    log.info('started')
  },
)
