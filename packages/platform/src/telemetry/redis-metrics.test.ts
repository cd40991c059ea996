import { eventually, startRedis } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { registerRedisMetrics } from './redis-metrics.ts'

test('tells that Redis is there, and how many runs are in which state', async () => {
  const { queue, scrape } = await given()
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

test('a Redis that does not answer holds a scrape up for a second at most, and is asked once, not once a scrape', async () => {
  const { server, queue, scrape } = await given()
  let asked = 0
  const getJobCounts = queue.getJobCounts.bind(queue)
  queue.getJobCounts = (...states) => {
    asked++
    return getJobCounts(...states)
  }
  server.pause()
  const startedAt = performance.now()
  const texts = await Promise.all([scrape(), scrape(), scrape()])
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  for (const text of texts) expect(text).not.toContain('opifer_queue_runs{')
  expect(asked).toBe(1)
  server.resume()
  await eventually(async () => expect(await scrape()).toContain('opifer_queue_runs{'))
})

async function given() {
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
