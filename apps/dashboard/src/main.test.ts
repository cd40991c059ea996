import { createRecorder } from '@opifer/history/testing'
import { makeRun } from '@opifer/core/testing'
import { startDashboard, startProcess, startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

async function startWithRedis(...flags: string[]) {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const dashboard = await startDashboard({ redisUrl: server.url, flags })
  onTestFinished(async () => void (await dashboard.kill()))
  return { server, dashboard }
}

test('the dashboard serves pages and shuts down on SIGTERM despite an open live stream', async () => {
  const { dashboard } = await startWithRedis()
  expect((await fetch(`${dashboard.url}/`)).status).toBe(200)
  const stream = await fetch(`${dashboard.url}/api/events`)
  expect(stream.headers.get('Content-Type')).toBe('text/event-stream')
  expect(await dashboard.stop()).toBe(0)
  expect(await stream.text()).toContain('event: hello')
})

test.each([['--addr=0.0.0.0:0'], ['--addr=:0']])(
  'the dashboard refuses to listen on a public address without authentication: %s',
  async (flag) => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    const refused = await startProcess({ command: process.execPath, args: [main, flag] })
    expect(await refused.exited).toBe(1)
    expect(refused.lines.join('\n')).toContain('without authentication; set --authMethod')
  },
)

test('the dashboard listens on a public address without authentication if explicitly allowed', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const flags = ['--allowUnauthenticated=true']
  const dashboard = await startDashboard({ redisUrl: server.url, flags, addr: '0.0.0.0:0' })
  expect(await dashboard.stop()).toBe(0)
})

test('with operationsAddr, probes and metrics are served only there', async () => {
  const { dashboard } = await startWithRedis('--operationsAddr=127.0.0.1:0')
  const { port } = JSON.parse(await dashboard.waitForLine(/operations server listening/)) as { port: number }
  for (const path of ['/healthz', '/readiness', '/metrics']) {
    expect((await fetch(`http://127.0.0.1:${port}${path}`)).status, path).toBe(200)
    expect((await fetch(`${dashboard.url}${path}`)).status, path).toBe(404)
  }
})

test('a hundred live clients share one subscription and cost writers nothing', async () => {
  const { server, dashboard } = await startWithRedis()
  const redis = new Redis(server.url)
  onTestFinished(() => redis.disconnect())
  await expect.poll(() => subscribers(redis)).toBe(1)
  const alone = await costOfWriting(redis)

  const disconnect = new AbortController()
  onTestFinished(() => disconnect.abort())
  const streams = await Promise.all(
    Array.from({ length: 100 }, () => fetch(`${dashboard.url}/api/events`, { signal: disconnect.signal })),
  )
  const seen = streams.map(({ body }) => read(body))
  expect(await costOfWriting(redis)).toEqual(alone)
  for (const one of seen) await expect.poll(() => one.text).toContain('"kind":"began"')
  expect(await subscribers(redis)).toBe(1)
})

test('live updates continue after Redis restarts', async () => {
  const { server, dashboard } = await startWithRedis()
  const disconnect = new AbortController()
  onTestFinished(() => disconnect.abort())
  const stream = read((await fetch(`${dashboard.url}/api/events`, { signal: disconnect.signal })).body)
  await server.restart()
  await expect.poll(async () => (await fetch(`${dashboard.url}/readiness`)).status).toBe(200)
  const redis = new Redis(server.url)
  onTestFinished(() => redis.disconnect())
  await expect.poll(() => subscribers(redis)).toBe(1)
  await costOfWriting(redis)
  await expect.poll(() => stream.text).toContain('"kind":"began"')
})

async function subscribers(redis: Redis): Promise<number> {
  const [, count] = (await redis.pubsub('NUMSUB', '{opifer}:history:changes')) as [string, number]
  return count
}

let written = 0

/** Redis commands while twenty runs began. Leaves out scripts, as the dashboard runs some periodically. */
async function costOfWriting(redis: Redis): Promise<Record<string, number>> {
  const recorder = createRecorder(redis, '{opifer}', { historyMaxAge: 3_600_000, historyMaxRuns: 1_000 })
  await recorder.began(makeRun({ id: `first-${++written}` }), Date.now())
  await redis.config('RESETSTAT')
  for (let index = 0; index < 20; index++) await recorder.began(makeRun({ id: `run-${++written}` }), Date.now())
  const stats = await redis.info('commandstats')
  const calls = [...stats.matchAll(/cmdstat_(publish|hset):calls=(\d+)/g)]
  return Object.fromEntries(calls.map(([, name = '', count]) => [name, Number(count)]))
}

function read(body: ReadableStream<Uint8Array> | null): { text: string } {
  const seen = { text: '' }
  void (async () => {
    try {
      for await (const chunk of body ?? []) seen.text += new TextDecoder().decode(chunk)
    } catch {
      // Aborted at the end of the test.
    }
  })()
  return seen
}
