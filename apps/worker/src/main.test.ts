import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeConfigMap, makeRun } from '@opifer/core/testing'
import { type DevCluster, startDevCluster } from '@opifer/devcluster'
import { createHistoryReader, createPresence, createPublishedOperarios } from '@opifer/history'
import { createRunFlags, RUNS } from '@opifer/queue'
import { freePort, PATIENCE, type RedisServer, startProcess, startRedis } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { describe, expect, test, type TestContext, vi } from 'vitest'
import { stored } from './testing/builders.ts'
import { NAMESPACE } from './testing/cluster.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const READY = /"worker is ready"/
/** Several processes start at a time. */
const PATIENT = { timeout: 25_000 }
/** Well within the 25 s that a worker is given to stop. */
const SOON = 10_000

test.concurrent('is not ready before the first lists are complete, nor while Redis is down', async (context) => {
  const [cluster, redis] = await Promise.all([startCluster(context), givenRedis(context)])
  cluster.faults.add({ verb: 'list', resource: 'jobs', fault: { type: 'status', code: 500 } })
  const worker = await givenWorker(context, { ...cluster, redisUrl: redis.url })
  expect(await worker.get('/readiness')).toEqual([503, 'the first lists of ConfigMaps and Jobs are not complete'])
  expect(await worker.get('/healthz')).toEqual([200, 'ok'])
  cluster.faults.clear()
  await vi.waitFor(async () => expect(await worker.get('/readiness')).toEqual([200, 'ok']), PATIENCE)
  await worker.waitForLine(READY, PATIENT.timeout)
  await redis.kill()
  await vi.waitFor(
    async () => expect(await worker.get('/readiness')).toEqual([503, 'Redis is not connected']),
    PATIENCE,
  )
  await redis.restart()
  await vi.waitFor(async () => expect(await worker.get('/readiness')).toEqual([200, 'ok']), PATIENCE)
  expect(await worker.stop()).toBe(0)
})

describe.concurrent('does not start', () => {
  test('with an invalid kubeconfig, and says why without quoting it', async (context) => {
    const kubeconfig = join(await givenDirectory(context), 'kubeconfig')
    await writeFile(kubeconfig, 'token: s3cret\n key: [')
    const { lines, exited } = await startProcess({
      command: process.execPath,
      args: [MAIN, `--kubeconfig=${kubeconfig}`],
    })
    expect(await exited).toBe(1)
    expect(lines.join('\n')).toContain(`cannot read the kubeconfig ${kubeconfig}`)
    expect(lines.join('\n')).not.toContain('s3cret')
  })

  test('with invalid settings, and reports them all', async () => {
    const args = [MAIN, '--concurrency=0', '--maxAge=soon']
    const { lines, exited } = await startProcess({ command: process.execPath, args })
    expect(await exited).toBe(1)
    expect(lines).toMatchObject([
      'worker: invalid configuration',
      expect.stringContaining('--concurrency'),
      expect.stringContaining('--maxAge'),
    ])
  })
})

describe.concurrent('exits 0 on SIGTERM', () => {
  test('while it waits for an API server that does not answer', async (context) => {
    const [cluster, redis] = await Promise.all([startCluster(context), givenRedis(context)])
    cluster.faults.pause()
    const worker = await givenWorker(context, { ...cluster, redisUrl: redis.url })
    await vi.waitFor(
      async () => expect(await worker.get('/readiness')).toMatchObject([503, expect.anything()]),
      PATIENCE,
    )
    expect(await worker.stop(SOON)).toBe(0)
  })

  test('while it waits for a Redis that was never up', async (context) => {
    const cluster = await startCluster(context)
    const worker = await givenWorker(context, { ...cluster, redisUrl: 'redis://127.0.0.1:1' })
    await worker.waitForLine(READY, PATIENT.timeout)
    expect(await worker.stop(SOON)).toBe(0)
  })

  test('while Redis does not answer', async (context) => {
    const [cluster, redis] = await Promise.all([startCluster(context), givenRedis(context)])
    const worker = await givenWorker(context, { ...cluster, redisUrl: redis.url })
    await worker.waitForLine(READY, PATIENT.timeout)
    redis.pause()
    expect(await worker.stop(SOON)).toBe(0)
  })
})

describe.concurrent('with an attempt in progress that waits for the API server', () => {
  test('gives up when the shutdown times out, and says so', async (context) => {
    const { worker } = await givenTurnUnderWay(context)
    expect(await worker.stop(SOON)).toBe(1)
    expect(worker.lines.join('\n')).toContain('shutdown timed out')
  })

  test('leaves it to another worker when Redis is down', async (context) => {
    const { worker, redis } = await givenTurnUnderWay(context, ['--shutdownTimeout=25s'])
    await redis.kill()
    expect(await worker.stop(SOON)).toBe(0)
  })
})

test.concurrent('records the outcome of a run, and ends one that was cancelled', async (context) => {
  const [cluster, redis] = await Promise.all([startCluster(context), givenRedis(context)])
  const worker = await givenWorker(context, { ...cluster, redisUrl: redis.url })
  await worker.waitForLine(READY, PATIENT.timeout)
  const queue = await enqueue(context, redis)
  await vi.waitFor(async () => expect(cluster.store.list('jobs')).toHaveLength(1), { ...PATIENCE, ...PATIENT })
  const client = new Redis(redis.url)
  context.onTestFinished(() => client.disconnect())
  const reader = createHistoryReader(client, '{opifer}')
  const { id } = makeRun()
  await vi.waitFor(async () => expect((await reader.get(id))?.job?.name).toMatch(/^cleanup-disk-space-/), PATIENCE)
  const record = await reader.get(id)
  expect(record?.operario).toMatchObject({ key: 'DiskSpaceLow' })
  const catalogue = createPublishedOperarios(client, '{opifer}', 1)
  await vi.waitFor(async () => expect(await catalogue.list()).toHaveLength(1), PATIENCE)
  expect(await catalogue.manifest(record?.operario?.manifestHash ?? '')).toBeDefined()
  expect(await createPresence(client, '{opifer}').list()).toMatchObject([{ app: 'worker', pid: worker.pid }])

  await createRunFlags(client, '{opifer}').requestCancel(id, 'ada')
  await vi.waitFor(async () => expect(await queue.getJobState(id)).toBe('delayed'), PATIENCE)
  await (await queue.getJob(id))?.promote()
  await vi.waitFor(async () => expect((await reader.get(id))?.result).toMatchObject({ outcome: 'cancelled' }), PATIENCE)
  expect(cluster.store.list('jobs')).toEqual([])
  await vi.waitFor(async () => expect(await queue.getJobState(id)).toBe('completed'), PATIENCE)
  expect(await worker.stop()).toBe(0)
  expect(await createPresence(client, '{opifer}').list()).toEqual([])
})

test.concurrent('creates its Job although the history can’t be written', async (context) => {
  const [cluster, redis] = await Promise.all([startCluster(context), givenRedis(context)])
  const client = new Redis(redis.url)
  context.onTestFinished(() => client.disconnect())
  await client.set('{opifer}:history:index:all', 'not an index')
  const worker = await givenWorker(context, { ...cluster, redisUrl: redis.url })
  await worker.waitForLine(READY, PATIENT.timeout)
  await enqueue(context, redis)
  await vi.waitFor(async () => expect(cluster.store.list('jobs')).toHaveLength(1), { ...PATIENCE, ...PATIENT })
  await worker.waitForLine(/could not write run history/)
})

test.concurrent('logs no secret, not even at the trace level', async (context) => {
  const [cluster, redis] = await Promise.all([
    startCluster(context),
    givenRedis(context, ['--requirepass', 'r3dis-s3cret']),
  ])
  const url = redis.url.replace('//', '//:r3dis-s3cret@')
  const worker = await givenWorker(context, {
    ...cluster,
    redisUrl: url,
    flags: ['--logLevel=trace', '--lockDuration=500ms'],
  })
  await worker.waitForLine(READY, PATIENT.timeout)
  const queue = await enqueue(context, { url })
  cluster.faults.add({ verb: 'create', fault: { type: 'status', code: 401 }, times: 1 })
  cluster.faults.add({ verb: 'create', fault: { type: 'cut' }, times: 1 })
  cluster.faults.cutWatches()
  await vi.waitFor(async () => expect(cluster.store.list('jobs')).toHaveLength(1), PATIENCE)
  await worker.waitForLine(/Adding labels as environment variables/)
  await worker.waitForLine(/Job created/)
  await redis.kill()
  await worker.waitForLine(/Redis connection lost/)
  await redis.restart()
  await worker.waitForLine(/Redis connection restored/)
  await queue.waitUntilReady()
  expect(await worker.stop()).toBe(0)

  const [, token = ''] = /token: (\S+)/.exec(cluster.kubeconfig) ?? []
  expect(token).not.toBe('')
  for (const secret of [token, 'r3dis-s3cret', 'Bearer']) expect(worker.lines.join('\n')).not.toContain(secret)
})

/** A worker whose call to create a Job is not answered. */
async function givenTurnUnderWay(context: TestContext, flags = ['--shutdownTimeout=1s']) {
  const [cluster, redis] = await Promise.all([startCluster(context), givenRedis(context)])
  cluster.faults.add({ verb: 'create', fault: { type: 'latency', milliseconds: 60_000 } })
  const worker = await givenWorker(context, { ...cluster, redisUrl: redis.url, flags })
  await worker.waitForLine(READY, PATIENT.timeout)
  await enqueue(context, redis)
  await vi.waitFor(() => expect(cluster.faults.list()[0]?.hits).toBe(1), PATIENCE)
  return { worker, redis }
}

async function startCluster(context: TestContext): Promise<DevCluster> {
  const cluster = await startDevCluster({ controllers: false })
  context.onTestFinished(() => cluster.stop())
  const { metadata, data } = makeConfigMap()
  cluster.store.create('configmaps', stored('ConfigMap', metadata.name, { labels: metadata.labels }, { data }))
  return cluster
}

async function givenRedis(context: TestContext, extraArgs: string[] = []): Promise<RedisServer> {
  const redis = await startRedis({ extraArgs })
  context.onTestFinished(() => redis.stop())
  return redis
}

interface WorkerOptions {
  kubeconfig: string
  redisUrl: string
  flags?: string[]
}

/** The worker as a process, from before it is ready on. */
async function givenWorker(context: TestContext, { kubeconfig, redisUrl, flags = [] }: WorkerOptions) {
  const file = join(await givenDirectory(context), 'kubeconfig')
  await writeFile(file, kubeconfig)
  const addr = `127.0.0.1:${await freePort()}`
  const worker = await startProcess({
    command: process.execPath,
    args: [MAIN, `--addr=${addr}`, `--kubeconfig=${file}`, `--configmapNamespace=${NAMESPACE}`, ...flags],
    env: { OPIFER_REDIS_URL: redisUrl },
  })
  context.onTestFinished(async () => void (await worker.kill()))
  async function get(path: string): Promise<[status: number, text: string]> {
    const response = await fetch(`http://${addr}${path}`)
    return [response.status, await response.text()]
  }
  await vi.waitFor(() => get('/healthz'), { ...PATIENCE, ...PATIENT })
  return { ...worker, get }
}

async function givenDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'opifer-worker-'))
  context.onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

/** Enqueues a run that has just come; returns its queue. */
async function enqueue(context: TestContext, { url }: { url: string }): Promise<Queue> {
  const connection = new Redis(url, { maxRetriesPerRequest: null })
  connection.on('error', () => {})
  context.onTestFinished(() => connection.disconnect())
  const queue = new Queue(RUNS.name, { connection, prefix: '{opifer}', defaultJobOptions: RUNS.jobOptions })
  queue.on('error', () => {})
  context.onTestFinished(() => queue.close())
  const run = makeRun({ receivedAt: Date.now() })
  await queue.add('DiskSpaceLow', run, { jobId: run.id })
  return queue
}
