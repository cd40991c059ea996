import { Redis } from 'ioredis'
import { eventually } from '../eventually.ts'
import { freePort, retryWhenPortTaken } from '../network/port.ts'
import { type RedisServer, startRedis } from './server.ts'

export interface RedisCluster {
  /** The masters; each holds a third of the slots. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  stop(): Promise<void>
}

const SIZE = 3
const SLOTS = 16_384

/** Starts a Redis Cluster of three masters, which rejects commands over two slots. Needs a local redis-server. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const members = await Promise.all(Array.from({ length: SIZE }, () => retryWhenPortTaken(startMember)))
  const clients = members.map(({ server }) => new Redis(server.url))
  await join(clients, members)
  await Promise.all(clients.map((client) => eventually(() => assertReady(client))))
  await Promise.all(clients.map((client) => client.quit()))

  const servers = members.map(({ server }) => server)
  return {
    nodes: servers.map(({ host, port }) => ({ host, port })),
    async stop() {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

interface Member {
  readonly server: RedisServer
  readonly busPort: number
}

async function startMember(): Promise<Member> {
  // The default bus port is the client port + 10000, which can exceed 65535.
  const busPort = await freePort()
  const server = await startRedis({
    extraArgs: ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-node-timeout', '2000'],
  })
  return { server, busPort }
}

async function join(clients: readonly Redis[], members: readonly Member[]): Promise<void> {
  for (const [index, client] of clients.entries()) {
    const first = Math.floor((index * SLOTS) / SIZE)
    const last = Math.floor(((index + 1) * SLOTS) / SIZE) - 1
    await client.call('CLUSTER', 'ADDSLOTSRANGE', first, last)
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    for (const { server, busPort } of members) await client.call('CLUSTER', 'MEET', server.host, server.port, busPort)
  }
}

async function assertReady(client: Redis): Promise<void> {
  const info = await client.cluster('INFO')
  for (const line of ['cluster_state:ok', `cluster_size:${SIZE}`]) {
    if (!info.includes(line)) throw new Error(`expected ${line} in\n${info}`)
  }
}
