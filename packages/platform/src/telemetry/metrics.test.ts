import { startRedis } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { VERSION } from '../process/version.ts'
import { createLabelCap, createRegistry, OTHER, registerRedisMetrics } from './metrics.ts'

test('reports that Redis is connected and the number of runs by state', async () => {
  const { queue, scrape } = await start()
  await queue.addBulk([
    { name: 'a', data: {} },
    { name: 'b', data: {} },
    { name: 'c', data: {}, opts: { delay: 60_000 } },
  ])
  const text = await scrape()
  for (const line of [
    'opifer_redis_up 1',
    'opifer_queue_runs{state="waiting"} 2',
    'opifer_queue_runs{state="delayed"} 1',
    'opifer_queue_runs{state="active"} 0',
    'opifer_queue_runs{state="completed"} 0',
    'opifer_queue_runs{state="failed"} 0',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
})

test('an unresponsive Redis delays a scrape by a second at most and gets one call for all scrapes', async () => {
  const { server, queue, scrape } = await start()
  let calls = 0
  const getJobCounts = queue.getJobCounts.bind(queue)
  queue.getJobCounts = (...states) => {
    calls++
    return getJobCounts(...states)
  }
  server.pause()
  const startedAt = performance.now()
  const texts = await Promise.all([scrape(), scrape(), scrape()])
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  for (const text of texts) expect(text).not.toContain('opifer_queue_runs{')
  expect(calls).toBe(1)
  server.resume()
  await expect.poll(() => scrape()).toContain('opifer_queue_runs{')
})

test('a registry has the version and the metrics of the runtime', async () => {
  const text = await createRegistry().metrics()
  expect(text).toContain(`opifer_build_info{version="${VERSION}"} 1`)
  expect(text).toContain('process_resident_memory_bytes ')
})

test('only counters end in _total', async () => {
  const metrics = await createRegistry().getMetricsAsJSON()
  const misnamed = metrics.filter(({ name, type }) => name.endsWith('_total') && String(type) !== 'counter')
  expect(misnamed.map(({ name }) => name)).toEqual([])
})

test('a label cap keeps the first values and maps all others to other', () => {
  const cap = createLabelCap(2)
  expect(['a', 'b', 'c', 'd', 'a', 'b'].map(cap)).toEqual(['a', 'b', OTHER, OTHER, 'a', 'b'])
})

test('a label cap maps a very long value to other without using up a slot', () => {
  const cap = createLabelCap(1)
  expect(cap('x'.repeat(201))).toBe(OTHER)
  expect(cap('a')).toBe('a')
})

test('a label cap maps values with the same UTF-8 encoding to one', () => {
  const cap = createLabelCap(5)
  expect(cap('\ud800')).toBe(cap('\udfff'))
})

async function start() {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const redis = new Redis(server.url, { maxRetriesPerRequest: null })
  onTestFinished(() => redis.disconnect())
  const queue = new Queue('runs', { connection: redis })
  onTestFinished(() => queue.close())
  await queue.waitUntilReady()
  const registry = new Registry()
  registerRedisMetrics(registry, { redis, queue })
  return { server, queue, scrape: () => registry.metrics() }
}
