import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisCluster, startRedisCluster } from './cluster.ts'

let cluster: RedisCluster
let client: Cluster

beforeAll(async () => {
  cluster = await startRedisCluster()
  client = new Cluster([...cluster.nodes])
})

afterAll(async () => {
  await client.quit()
  await cluster.stop()
})

test('Redis Cluster spreads keys over three masters', async () => {
  const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`)
  await Promise.all(keys.map((key) => client.set(key, key)))
  expect(client.nodes('master')).toHaveLength(3)
  const sizes = await Promise.all(cluster.nodes.map(countKeys))
  expect(Math.min(...sizes)).toBeGreaterThan(0)
  expect(sizes.reduce((sum, size) => sum + size)).toBe(30)
})

test('Redis Cluster accepts a command over two keys only if they share a hash tag', async () => {
  await expect(client.mset('one', '1', 'two', '2')).rejects.toThrow(/CROSSSLOT|same slot/)
  expect(await client.mset('{tag}one', '1', '{tag}two', '2')).toBe('OK')
})

async function countKeys(node: RedisCluster['nodes'][number]): Promise<number> {
  const redis = new Redis(node)
  const size = await redis.dbsize()
  await redis.quit()
  return size
}
