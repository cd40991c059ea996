import { createHistoryWriter } from '@opifer/history'
import { makeRun } from '@opifer/core/testing'
import { eventually, startDashboard, startProcess, startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

async function givenDashboard(...flags: string[]) {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const dashboard = await startDashboard({ redisUrl: server.url, flags })
  onTestFinished(async () => void (await dashboard.kill()))
  return { server, dashboard }
}

test('it serves pages, and stops when it is told to, also while somebody looks', async () => {
  const { dashboard } = await givenDashboard()
  expect((await fetch(`${dashboard.url}/`)).status).toBe(200)
  const viewer = await fetch(`${dashboard.url}/api/events`)
  expect(viewer.headers.get('Content-Type')).toBe('text/event-stream')
  expect(await dashboard.stop()).toBe(0)
  expect(await viewer.text()).toContain('event: hello')
})

test.each([['--addr=0.0.0.0:0'], ['--addr=:0']])(
  'without authentication it refuses to listen where others reach it: %s',
  async (flag) => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    const refused = await startProcess({ command: process.execPath, args: [main, flag] })
    expect(await refused.exited).toBe(1)
    expect(refused.lines.join('\n')).toContain('without authentication; set --authMethod')
  },
)

test('it listens there when it is told so in so many words', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const flags = ['--allowUnauthenticated=true']
  const dashboard = await startDashboard({ redisUrl: server.url, flags, addr: '0.0.0.0:0' })
  expect(await dashboard.stop()).toBe(0)
})

test('with a port of their own probes and metrics are there, and no longer where people come in', async () => {
  const { dashboard } = await givenDashboard('--operationsAddr=127.0.0.1:0')
  const { port } = JSON.parse(await dashboard.waitForLine(/operations server listening/)) as { port: number }
  for (const path of ['/healthz', '/readiness', '/metrics']) {
    expect((await fetch(`http://127.0.0.1:${port}${path}`)).status, path).toBe(200)
    expect((await fetch(`${dashboard.url}${path}`)).status, path).toBe(404)
  }
})

test('a hundred viewers share one subscription, and cost those who write nothing', async () => {
  const { server, dashboard } = await givenDashboard()
  const redis = new Redis(server.url)
  onTestFinished(() => redis.disconnect())
  await eventually(async () => expect(await subscribers(redis)).toBe(1))
  const alone = await costOfWriting(redis)

  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const viewers = await Promise.all(
    Array.from({ length: 100 }, () => fetch(`${dashboard.url}/api/events`, { signal: leaving.signal })),
  )
  const seen = viewers.map(({ body }) => read(body))
  expect(await costOfWriting(redis)).toEqual(alone)
  for (const one of seen) await eventually(() => expect(one.text).toContain('"kind":"began"'))
  expect(await subscribers(redis)).toBe(1)
})

test('it is kept up to date again after Redis was away', async () => {
  const { server, dashboard } = await givenDashboard()
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const viewer = read((await fetch(`${dashboard.url}/api/events`, { signal: leaving.signal })).body)
  await server.restart()
  await eventually(async () => expect((await fetch(`${dashboard.url}/readiness`)).status).toBe(200))
  const redis = new Redis(server.url)
  onTestFinished(() => redis.disconnect())
  await eventually(async () => expect(await subscribers(redis)).toBe(1))
  await costOfWriting(redis)
  await eventually(() => expect(viewer.text).toContain('"kind":"began"'))
})

async function subscribers(redis: Redis): Promise<number> {
  const [, count] = (await redis.pubsub('NUMSUB', '{opifer}:history:events')) as [string, number]
  return count
}

let written = 0

/** How often Redis did what, while twenty runs began. Scripts are not counted: now and then the dashboard runs some itself. */
async function costOfWriting(redis: Redis): Promise<Record<string, number>> {
  const writer = createHistoryWriter(redis, '{opifer}', { historyMaxAge: 3_600_000, historyMaxRuns: 1_000 })
  await writer.began(makeRun({ id: `first-${++written}` }), Date.now())
  await redis.config('RESETSTAT')
  for (let index = 0; index < 20; index++) await writer.began(makeRun({ id: `run-${++written}` }), Date.now())
  const stats = await redis.info('commandstats')
  const calls = [...stats.matchAll(/cmdstat_(publish|hsetnx):calls=(\d+)/g)]
  return Object.fromEntries(calls.map(([, name = '', count]) => [name, Number(count)]))
}

function read(body: ReadableStream<Uint8Array> | null): { text: string } {
  const seen = { text: '' }
  void (async () => {
    try {
      for await (const piece of body ?? []) seen.text += new TextDecoder().decode(piece)
    } catch {
      // The test is over.
    }
  })()
  return seen
}
