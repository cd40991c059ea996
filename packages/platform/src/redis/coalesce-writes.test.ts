import { startRedis, startRedisCluster } from '@opifer/testkit'
import { Cluster, Redis } from 'ioredis'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { coalesceWrites } from './coalesce-writes.ts'

test('what is sent in one turn goes out in one write, in its order, also on the next connection', async () => {
  const client = await givenClient()
  for (const connection of ['first', 'second']) {
    await client.ping()
    const writes = writesOf(client)
    const answers = await Promise.all(Array.from({ length: 50 }, (_, number) => client.echo(`${connection} ${number}`)))
    expect(answers).toEqual(Array.from({ length: 50 }, (_, number) => `${connection} ${number}`))
    expect(writes).toHaveBeenCalledTimes(1)
    client.disconnect(true)
  }
})

test('what is sent in the next turn does not wait for that', async () => {
  const client = await givenClient()
  for (let turn = 0; turn < 3; turn++) expect(await client.echo(`turn ${turn}`)).toBe(`turn ${turn}`)
})

test('each node of a cluster is written to so', async () => {
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

async function givenClient(): Promise<Redis> {
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
