import { startRedis, startRedisCluster } from '@opifer/testkit'
import { Cluster, Redis } from 'ioredis'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { coalesceWrites } from './coalesce-writes.ts'

test('sends the commands of one tick in one write and in order, also after a reconnect', async () => {
  const client = await makeClient()
  for (const connection of ['first', 'second']) {
    await client.ping()
    const writes = writesOf(client)
    const answers = await Promise.all(Array.from({ length: 50 }, (_, number) => client.echo(`${connection} ${number}`)))
    expect(answers).toEqual(Array.from({ length: 50 }, (_, number) => `${connection} ${number}`))
    expect(writes).toHaveBeenCalledTimes(1)
    client.disconnect(true)
  }
})

test('sends the commands of the next tick without delay', async () => {
  const client = await makeClient()
  for (let tick = 0; tick < 3; tick++) expect(await client.echo(`tick ${tick}`)).toBe(`tick ${tick}`)
})

test('coalesces writes to each node of a cluster', async () => {
  const cluster = await startRedisCluster()
  onTestFinished(() => cluster.stop())
  const client = new Cluster([...cluster.nodes])
  onTestFinished(() => client.disconnect())
  coalesceWrites(client)
  await client.set('{a}1', 'one')
  const nodes = client.nodes('master').filter(({ status }) => status === 'ready')
  const writes = nodes.map(writesOf)
  await Promise.all(Array.from({ length: 50 }, () => client.get('{a}1')))
  expect(writes.reduce((sum, spy) => sum + spy.mock.calls.length, 0)).toBe(1)
})

async function makeClient(): Promise<Redis> {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const client = new Redis(server.url)
  onTestFinished(() => client.disconnect())
  coalesceWrites(client)
  return client
}

function writesOf(client: Redis) {
  const socket = client.stream as Socket & { _writev: () => void }
  return vi.spyOn(socket, '_writev')
}
