import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Certificates } from '../network/certificates.ts'
import { type ManagedProcess, startProcess } from '../process/child-process.ts'
import { eventually } from '../eventually.ts'
import { freePort, retryWhenPortTaken } from '../network/port.ts'
import { type RedisServer, startRedis } from './server.ts'

export interface RedisSentinel {
  /** Name of the master in the sentinel. */
  readonly name: string
  readonly sentinels: readonly { readonly host: string; readonly port: number }[]
  /** Initial roles; a failover swaps them. */
  readonly master: RedisServer
  readonly replica: RedisServer
  /** Promotes the other server; resolves once the sentinel reports it as master. */
  failover(): Promise<void>
  stop(): Promise<void>
}

const NAME = 'opifer'

/**
 * Starts a master, a replica and one sentinel with a quorum of one. Needs a local redis-server.
 *
 * @param settings command-line arguments for both servers
 * @param certificates make the sentinel speak TLS only; the servers do not use TLS
 */
export async function startRedisSentinel(
  settings: readonly string[] = [],
  certificates?: Certificates,
): Promise<RedisSentinel> {
  const master = await startRedis({ extraArgs: ['--repl-diskless-sync-delay', '0', ...settings] })
  const replica = await startReplica(master, settings)
  const dir = await mkdtemp(join(tmpdir(), 'opifer-sentinel-'))
  const { port, server } = await retryWhenPortTaken(() => startSentinel(dir, master, certificates))
  const client = new Redis({ port, host: '127.0.0.1', ...(certificates && { tls: { ca: certificates.ca } }) })
  await eventually(() => assertReplicaKnown(client))

  return {
    name: NAME,
    sentinels: [{ host: '127.0.0.1', port }],
    master,
    replica,
    failover: () => failover(client),
    async stop() {
      client.disconnect()
      await Promise.all([server.stop(), master.stop(), replica.stop()])
      await rm(dir, { recursive: true })
    },
  }
}

/** Waits until the replica is in sync: a sentinel refreshes its view of a replica only every 10 s. */
async function startReplica(master: RedisServer, settings: readonly string[]): Promise<RedisServer> {
  const replica = await startRedis({ extraArgs: ['--replicaof', master.host, String(master.port), ...settings] })
  const client = new Redis(replica.url)
  await eventually(async () => {
    const info = await client.info('replication')
    if (!info.includes('master_link_status:up')) throw new Error(`the replica is not in sync\n${info}`)
  })
  await client.quit()
  return replica
}

async function startSentinel(
  dir: string,
  master: RedisServer,
  certificates: Certificates | undefined,
): Promise<{ port: number; server: ManagedProcess }> {
  const port = await freePort()
  // A sentinel needs a configuration file because it keeps its state there.
  const config = join(dir, 'sentinel.conf')
  const lines = [
    ...(certificates ? await tlsLines(dir, port, certificates) : [`port ${port}`]),
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor ${NAME} ${master.host} ${master.port} 1`,
    `sentinel down-after-milliseconds ${NAME} 1000`,
    `sentinel failover-timeout ${NAME} 5000`,
  ]
  await writeFile(config, lines.join('\n'))
  const server = await startProcess({
    command: 'redis-server',
    args: [config, '--sentinel'],
    readyLine: /\+monitor master/,
  })
  return { port, server }
}

async function tlsLines(dir: string, port: number, { ca, server }: Certificates): Promise<string[]> {
  const files = { 'ca-cert': ca, cert: server.cert, key: server.key }
  const write = async ([name, text]: [string, string]) => {
    await writeFile(join(dir, `${name}.pem`), text)
    return `tls-${name}-file ${join(dir, `${name}.pem`)}`
  }
  return ['port 0', `tls-port ${port}`, 'tls-auth-clients no', ...(await Promise.all(Object.entries(files).map(write)))]
}

/** A sentinel refuses to fail over until it knows a replica in sync. */
async function assertReplicaKnown(client: Redis): Promise<void> {
  const replicas = await client.call('SENTINEL', 'REPLICAS', NAME)
  if (!JSON.stringify(replicas).includes('"master-link-status","ok"')) throw new Error('the sentinel knows no replica')
}

async function failover(client: Redis): Promise<void> {
  const before = await masterAddress(client)
  await eventually(() => client.call('SENTINEL', 'FAILOVER', NAME))
  await eventually(async () => {
    if ((await masterAddress(client)) === before) throw new Error(`the master is still ${before}`)
  })
}

async function masterAddress(client: Redis): Promise<string> {
  return String(await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME))
}
