/** A process for the tests of `runProcess`: it ends in the way that it is told. */
import { setTimeout as delay } from 'node:timers/promises'
import { Hono } from 'hono'
import { COMMON_OPTIONS } from '../config/common.ts'
import { oneOf } from '../config/values.ts'
import { serveHttp } from '../http/serve.ts'
import { runProcess } from '../process/process.ts'

const ending = {
  schema: oneOf(['told', 'broken start', 'uncaught', 'unhandled', 'stuck', 'stuck start'], 'told'),
  help: '',
}

await runProcess(
  { name: 'fixture', options: { ...COMMON_OPTIONS, ending }, argv: process.argv.slice(2), env: {} },
  async ({ config, log, lifecycle }) => {
    lifecycle.onClose('first', () => log.info('first is closed'))
    const app = new Hono().get('/', async (c) => c.text('ok'))
    const server = await serveHttp(app, { host: '127.0.0.1', port: 0 })
    lifecycle.onClose('server', () => server.close())
    lifecycle.onClose('broken', () => Promise.reject(new Error('can not be closed')))
    if (config.ending.startsWith('stuck')) lifecycle.onClose('stuck', () => delay(60_000))
    if (config.ending.endsWith('start')) throw new Error('no start')
    if (config.ending === 'uncaught') setTimeout(() => JSON.parse('{'), 0)
    if (config.ending === 'unhandled') void Promise.reject(new Error('nobody awaits this'))
    log.info('started')
  },
)
