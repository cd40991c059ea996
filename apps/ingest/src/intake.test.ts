import { alertKeyOf, isInvalid, isOver, parseWebhook, type ResolvedMark, type Run, type Webhook } from '@opifer/core'
import { makeAlert, makeWebhook } from '@opifer/core/testing'
import { freePort, loadFixture, PATIENCE, type RedisServer, startProxy, startRedis } from '@opifer/testkit'
import type { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Intake, Receipt } from './intake.ts'
import { openIngest, type OpenIngest } from './testing/open-ingest.ts'

const IMPATIENT = { redisTimeout: '300ms' }
// Generous, since the machine may be busy; the defects under test would take forever.
const GROSSLY_LATE = 3_000

let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
})

afterEach(() => server.flush())

afterAll(() => server.stop())

async function startIngest(settings: Record<string, string> = {}, url = server.url): Promise<OpenIngest> {
  const ingest = openIngest(url, settings)
  onTestFinished(() => ingest.close())
  return ingest
}

async function startReadyIngest(settings: Record<string, string> = {}, url = server.url): Promise<OpenIngest> {
  const ingest = await startIngest(settings, url)
  await ingest.ready()
  return ingest
}

async function startServer(...extraArgs: string[]): Promise<RedisServer> {
  const own = await startRedis({ extraArgs })
  onTestFinished(() => own.stop())
  return own
}

function parsedWebhook(...alerts: unknown[]): Webhook {
  const parsed = parseWebhook(alerts.length === 0 ? makeWebhook() : makeWebhook({ alerts }))
  if (!parsed.ok) throw new Error(parsed.errors.join())
  return parsed.webhook
}

const alertAt = (instance: string, overrides: Parameters<typeof makeAlert>[0] = {}) =>
  makeAlert({ labels: { instance }, ...overrides })

function receiptsOf(answer: Intake): Receipt[] {
  if (answer.kind !== 'accepted') throw new Error(answer.reason, { cause: answer.cause })
  return answer.receipts
}

const resultsOf = (answer: Intake) => receiptsOf(answer).map(({ result }) => result)

/** Starts a cooldown as a worker does whose run had a Job. */
async function coolDown(
  { redis }: OpenIngest,
  { run, runId = run.id, cooldownMs }: { run: Run; runId?: string; cooldownMs: number },
): Promise<void> {
  await redis.set(`{opifer}:cooldown:${alertKeyOf(run)}`, runId, 'PX', cooldownMs)
}

/** A run as a worker finds it in the queue. */
async function runOf(queue: Queue, receipt: Receipt | undefined): Promise<Run> {
  const job = await queue.getJob(receipt?.runId ?? '')
  if (!job) throw new Error('the run is not in the queue')
  return job.data
}

/** Ends a run as a worker does. */
async function finish({ queue }: OpenIngest, runId: string | undefined): Promise<void> {
  await queue.remove(runId ?? '')
}

describe('a webhook', () => {
  test('a new webhook is enqueued, one run for each alert', async () => {
    const { intake, queue } = await startReadyIngest()
    const webhook = parsedWebhook(alertAt('a'), alertAt('b'))
    const receipts = receiptsOf(await intake(webhook))
    expect(receipts).toEqual(
      webhook.alerts.map(({ fingerprint }) => ({
        alertname: 'DiskSpaceLow',
        status: 'firing',
        fingerprint,
        result: 'enqueued',
        runId: expect.any(String),
      })),
    )
    for (const receipt of receipts) {
      const { runId, fingerprint } = receipt
      const want = { id: runId, groupKey: webhook.groupKey, alert: { fingerprint } }
      expect(await runOf(queue, receipt)).toMatchObject(want)
    }
  })

  test('a webhook that comes again joins the runs in flight', async () => {
    const { intake, queue } = await startReadyIngest()
    const webhook = parsedWebhook(alertAt('a'), alertAt('b'))
    const first = receiptsOf(await intake(webhook))
    const again = receiptsOf(await intake(webhook))
    expect(again).toEqual(first.map((receipt) => ({ ...receipt, result: 'deduplicated' })))
    expect(await queue.count()).toBe(2)
  })

  test('a webhook that comes again is counted on the runs that it joined, and only then', async () => {
    const { intake, redis, config } = await startReadyIngest()
    const repeatsOf = async (runId = '') => redis.hget(`${config.queuePrefix}:history:run:${runId}`, 'repeats')
    const webhook = parsedWebhook(alertAt('a'), alertAt('b'))
    const [first, second] = receiptsOf(await intake(webhook))
    expect(await redis.keys('*:history:*')).toEqual([])
    await intake(webhook)
    await intake(parsedWebhook(alertAt('a')))
    await expect.poll(() => repeatsOf(first?.runId)).toBe('2')
    expect(await repeatsOf(second?.runId)).toBe('1')
  })

  test('a webhook that comes from every member of a cluster at once is one run', async () => {
    const twins = await Promise.all([1, 2, 3].map(() => startReadyIngest()))
    const answers = await Promise.all(twins.map(({ intake }) => intake(parsedWebhook())))
    expect(answers.flatMap(resultsOf).sort()).toEqual(['deduplicated', 'deduplicated', 'enqueued'])
    expect(new Set(answers.flatMap(receiptsOf).map(({ runId }) => runId)).size).toBe(1)
    expect(await twins[0]?.queue.count()).toBe(1)
  })

  test('a webhook with a new alert and one in flight enqueues only the new one', async () => {
    const { intake } = await startReadyIngest()
    const [first] = receiptsOf(await intake(parsedWebhook(alertAt('a'))))
    const answer = await intake(parsedWebhook(alertAt('b'), alertAt('a')))
    expect(resultsOf(answer)).toEqual(['enqueued', 'deduplicated'])
    expect(receiptsOf(answer)[1]?.runId).toBe(first?.runId)
  })

  test('a webhook that names one alert twice is one run', async () => {
    const { intake, queue } = await startReadyIngest()
    const [one, two] = receiptsOf(await intake(parsedWebhook(alertAt('a'), alertAt('a'))))
    expect([one?.result, two?.result]).toEqual(['enqueued', 'deduplicated'])
    expect(two?.runId).toBe(one?.runId)
    expect(await queue.count()).toBe(1)
  })

  test('a webhook without alerts is accepted', async () => {
    const { intake } = await startReadyIngest()
    expect(await intake({ ...parsedWebhook(), alerts: [] })).toEqual({ kind: 'accepted', receipts: [] })
  })

  test('a webhook is enqueued again once its run has ended', async () => {
    const ingest = await startReadyIngest()
    const [first] = receiptsOf(await ingest.intake(parsedWebhook()))
    await finish(ingest, first?.runId)
    expect(resultsOf(await ingest.intake(parsedWebhook()))).toEqual(['enqueued'])
  })

  test('a webhook of a thousand alerts is accepted whole', async () => {
    const { intake, queue } = await startReadyIngest({ redisTimeout: '20s' })
    const alerts = Array.from({ length: 1_000 }, (_, index) => alertAt(`node-${index}`))
    expect(new Set(resultsOf(await intake(parsedWebhook(...alerts))))).toEqual(new Set(['enqueued']))
    expect(await queue.count()).toBe(1_000)
  })
})

describe('a cooldown', () => {
  test('a cooldown holds back every firing of its alert, names the run that started it, and spares other alerts', async () => {
    const ingest = await startReadyIngest()
    const [first] = receiptsOf(await ingest.intake(parsedWebhook(alertAt('a'))))
    await coolDown(ingest, { run: await runOf(ingest.queue, first), cooldownMs: 60_000 })
    await finish(ingest, first?.runId)

    const refire = alertAt('a', { startsAt: '2026-11-23T05:00:00Z' })
    const [quiet, again, other] = receiptsOf(await ingest.intake(parsedWebhook(alertAt('a'), refire, alertAt('b'))))
    expect(quiet).toMatchObject({ result: 'cooldown', runId: first?.runId })
    expect(again).toMatchObject({ result: 'cooldown', runId: first?.runId })
    expect(other).toMatchObject({ result: 'enqueued' })
    expect(await ingest.queue.count()).toBe(1)
  })

  test('a cooldown of every alert of a webhook leaves nothing to enqueue', async () => {
    const ingest = await startReadyIngest()
    const [first] = receiptsOf(await ingest.intake(parsedWebhook()))
    await coolDown(ingest, { run: await runOf(ingest.queue, first), runId: 'earlier', cooldownMs: 50 })
    expect(resultsOf(await ingest.intake(parsedWebhook()))).toEqual(['cooldown'])
    await finish(ingest, first?.runId)
    await expect.poll(async () => resultsOf(await ingest.intake(parsedWebhook()))).toEqual(['enqueued'])
  })
})

describe('with the group as one piece of work', () => {
  test('a group is one run at a time, whichever alerts it holds', async () => {
    const { intake, queue } = await startReadyIngest({ dedupScope: 'group' })
    const [one, two] = receiptsOf(await intake(parsedWebhook(alertAt('a'), alertAt('b'))))
    expect([one?.result, two?.result]).toEqual(['enqueued', 'deduplicated'])
    expect(two?.runId).toBe(one?.runId)
    expect(resultsOf(await intake(parsedWebhook(alertAt('c'))))).toEqual(['deduplicated'])
    expect(await queue.count()).toBe(1)
  })

  test('the resolved alerts of a group are another run', async () => {
    const { intake } = await startReadyIngest({ dedupScope: 'group' })
    const answer = await intake(parsedWebhook(alertAt('a'), alertAt('b', { status: 'resolved' })))
    expect(resultsOf(answer)).toEqual(['enqueued', 'enqueued'])
  })
})

describe('a resolved alert', () => {
  test('a resolved alert leaves a mark that its firing run finds, for as long as is set', async () => {
    const { intake, redis } = await startReadyIngest({ resolvedTtl: '90s' })
    const parsed = parseWebhook(JSON.parse(loadFixture('alertmanager/firing-group-with-one-resolved.json')))
    if (!parsed.ok) throw new Error('the captured webhook is invalid')
    const before = Date.now()
    await intake(parsed.webhook)
    const keys = await redis.keys('{opifer}:resolved:*')
    expect(keys).toHaveLength(1)
    const mark = JSON.parse((await redis.get(keys[0] ?? '')) ?? '')
    expect(mark.endedAt).toBe(Date.parse('2026-11-23T03:58:56Z'))
    expect(mark.receivedAt).toBeGreaterThanOrEqual(before)
    expect(await redis.pttl(keys[0] ?? '')).toBeLessThanOrEqual(90_000)
  })

  test('a resolved alert leaves its mark also while its own run is in flight', async () => {
    const { intake, redis } = await startReadyIngest()
    const webhook = parsedWebhook(alertAt('a', { status: 'resolved' }))
    await intake(webhook)
    await redis.del(await redis.keys('{opifer}:resolved:*'))
    expect(resultsOf(await intake(webhook))).toEqual(['deduplicated'])
    expect(await redis.keys('{opifer}:resolved:*')).toHaveLength(1)
  })
})

const at = (second: number) => `2026-11-23T04:00:0${second}Z`
const firing = (startsAt: string | undefined) => parsedWebhook(alertAt('a', { startsAt }))
const resolved = (endsAt: string | undefined) => parsedWebhook(alertAt('a', { status: 'resolved', endsAt }))

describe('an alert that fires again while its first firing still waits', () => {
  test('a re-fire is its own run and is enqueued', async () => {
    const { intake, queue } = await startReadyIngest()
    const [first] = receiptsOf(await intake(firing(at(1))))
    await intake(resolved(at(2)))
    const [second] = receiptsOf(await intake(firing(at(3))))
    expect(second).toMatchObject({ result: 'enqueued' })
    expect(second?.runId).not.toBe(first?.runId)
    const [a, b] = [await runOf(queue, first), await runOf(queue, second)]
    expect(b.alertKey).toBe(a.alertKey)
    expect(b.dedupId).not.toBe(a.dedupId)
  })

  test('a re-fire is enqueued though the end of the first firing has not come yet', async () => {
    const { intake } = await startReadyIngest()
    await intake(firing(at(1)))
    expect(resultsOf(await intake(firing(at(3))))).toEqual(['enqueued'])
    expect(resultsOf(await intake(firing(at(3))))).toEqual(['deduplicated'])
  })

  test('a re-fire without startsAt joins the run in flight', async () => {
    const { intake } = await startReadyIngest()
    const [first] = receiptsOf(await intake(firing(undefined)))
    await intake(resolved(undefined))
    expect(receiptsOf(await intake(firing(undefined)))).toMatchObject([{ result: 'deduplicated', runId: first?.runId }])
  })

  test('a late twin of the first firing joins the first, though a re-fire came in between', async () => {
    const { intake } = await startReadyIngest()
    const [first] = receiptsOf(await intake(firing(at(1))))
    await intake(resolved(at(2)))
    await intake(firing(at(3)))
    expect(receiptsOf(await intake(firing(at(1))))).toMatchObject([{ result: 'deduplicated', runId: first?.runId }])
  })

  test('a re-fire is not covered by the end of the first firing', async () => {
    const { intake, queue, redis } = await startReadyIngest()
    const [first] = receiptsOf(await intake(firing(at(1))))
    await intake(resolved(at(2)))
    const [second] = receiptsOf(await intake(firing(at(3))))
    const mark = await markOf(redis)
    expect(isRunOver(await runOf(queue, first), mark)).toBe(true)
    expect(isRunOver(await runOf(queue, second), mark)).toBe(false)
  })
})

test('an endsAt later than its receipt is kept as sent and covers no later firing', async () => {
  const { intake, redis } = await startReadyIngest()
  await intake(resolved('9999-12-31T00:00:00Z'))
  const mark = await markOf(redis)
  expect(mark.endedAt).toBe(Date.parse('9999-12-31T00:00:00Z'))
  const startsAt = new Date(mark.receivedAt + 1).toISOString()
  expect(isOver({ startsAt }, mark.receivedAt + 1, mark)).toBe(false)
})

test('a resolved alert leaves no mark with the group as scope', async () => {
  const { intake, redis } = await startReadyIngest({ dedupScope: 'group' })
  await intake(resolved(at(2)))
  expect(await redis.keys('{opifer}:resolved:*')).toEqual([])
})

async function markOf(redis: OpenIngest['redis']): Promise<ResolvedMark> {
  const [key = ''] = await redis.keys('{opifer}:resolved:*')
  return JSON.parse((await redis.get(key)) ?? '')
}

function isRunOver({ alert, receivedAt }: Run, mark: ResolvedMark): boolean {
  if (isInvalid(alert)) throw new Error(alert.invalid)
  return isOver(alert, receivedAt, mark)
}

describe('an invalid alert', () => {
  test.each([
    ['no alertname', { status: 'firing', labels: { severity: 'page' } }],
    ['an empty alertname', { status: 'firing', labels: { alertname: '' } }],
    ['a string for an object', 'alert'],
    ['null for an object', null],
  ])('an alert with %s becomes a run with the reason, and the rest of its group is enqueued', async (_, wrong) => {
    const { intake, queue } = await startReadyIngest()
    const [invalid, valid] = receiptsOf(await intake(parsedWebhook(wrong, alertAt('a'))))
    expect(invalid).toMatchObject({ result: 'enqueued', invalid: expect.any(String) })
    expect(valid).toMatchObject({ result: 'enqueued' })
    expect(valid).not.toHaveProperty('invalid')
    const run = await runOf(queue, invalid)
    expect(run.alert).toHaveProperty('invalid', invalid?.invalid)
  })
})

test('labels that are hostile reach the queue as they are', async () => {
  const { intake, queue } = await startReadyIngest()
  const labels = JSON.parse(
    '{"alertname":"__proto__","__proto__":"p","constructor":"c","a{{b}}$(C)`\\u0000":"\\ud800é\\n"}',
  )
  const [receipt] = receiptsOf(await intake(parsedWebhook({ status: 'firing', labels })))
  const run = await runOf(queue, receipt)
  if (isInvalid(run.alert)) throw new Error(run.alert.invalid)
  expect(Object.getOwnPropertyNames(run.alert.labels).sort()).toEqual(Object.getOwnPropertyNames(labels).sort())
  expect(Object.getOwnPropertyDescriptor(run.alert.labels, '__proto__')?.value).toBe('p')
})

/** Why a webhook was not taken; fails when it was, or when that took far longer than it may. */
async function refusalOf({ intake }: OpenIngest, webhook = parsedWebhook()): Promise<string> {
  const start = performance.now()
  const answer = await intake(webhook)
  expect(performance.now() - start).toBeLessThan(GROSSLY_LATE)
  if (answer.kind === 'accepted') throw new Error('it was accepted')
  return [answer.reason, answer.cause instanceof Error ? answer.cause.message : ''].join(': ')
}

const recovered = ({ intake }: OpenIngest) => vi.waitFor(async () => resultsOf(await intake(parsedWebhook())), PATIENCE)

describe('without Redis', () => {
  test('intake is unavailable while Redis was never up, and accepts webhooks once it is', async () => {
    const port = await freePort()
    const ingest = await startIngest(IMPATIENT, `redis://127.0.0.1:${port}`)
    expect(await refusalOf(ingest)).toContain('Redis is not connected')
    const late = await startRedis({ port })
    onTestFinished(() => late.stop())
    expect(await recovered(ingest)).toHaveLength(1)
  })

  test('intake is unavailable while Redis is down, and accepts webhooks once it is back', async () => {
    const own = await startServer()
    const ingest = await startReadyIngest(IMPATIENT, own.url)
    await own.kill()
    expect(await refusalOf(ingest)).toContain('Redis')
    await own.restart()
    expect(await recovered(ingest)).toHaveLength(1)
  })

  test('intake is unavailable while Redis does not answer, and accepts webhooks once it does', async () => {
    const own = await startServer()
    const ingest = await startReadyIngest(IMPATIENT, own.url)
    own.pause()
    expect(await refusalOf(ingest)).toContain('Redis')
    expect(await refusalOf(ingest)).toContain('Redis')
    own.resume()
    expect(await recovered(ingest)).toHaveLength(1)
  })

  test('intake accepts webhooks again after Redis disconnects as soon as it connects', async () => {
    const proxy = await startProxy(server)
    onTestFinished(() => proxy.stop())
    const ingest = await startIngest(IMPATIENT, `redis://127.0.0.1:${proxy.port}`)
    ingest.redis.once('ready', () => proxy.cut())
    await expect.poll(() => ingest.redis.status).toBe('reconnecting')
    proxy.restore()
    expect(await recovered(ingest)).toHaveLength(1)
  })

  test('intake is unavailable while Redis is slower than the deadline', async () => {
    const proxy = await startProxy(server)
    onTestFinished(() => proxy.stop())
    const ingest = await startReadyIngest({ redisTimeout: '1s' }, `redis://127.0.0.1:${proxy.port}`)
    // Each of the two round trips is in time, and so the connection is kept; both together are not.
    proxy.slow(300)
    expect(await refusalOf(ingest)).toContain('Redis did not')
  })

  test.each([
    ['firing', parsedWebhook()],
    ['resolved', parsedWebhook(alertAt('a', { status: 'resolved' }))],
  ])('intake is unavailable while Redis is full: %s alert', async (_, webhook) => {
    const own = await startServer('--maxmemory', '100kb')
    const ingest = await startIngest(IMPATIENT, own.url)
    await ingest.ready()
    expect(await refusalOf(ingest, webhook)).toMatch(/did not take all alerts: .*OOM/)
  })

  test('intake is unavailable while Redis is a read-only replica', async () => {
    const replica = await startServer('--replicaof', server.host, String(server.port))
    const ingest = await startIngest(IMPATIENT, replica.url)
    // In between it reconnects, in search of the master.
    await expect.poll(() => refusalOf(ingest)).toMatch(/did not take all alerts: .*READONLY/)
  })
})

test('what Redis took only in part is completed when the webhook comes again', async () => {
  const { intake, queue } = await startReadyIngest()
  const webhook = parsedWebhook(alertAt('a'), alertAt('b'), alertAt('c'))
  const admin = new Redis(server.url)
  onTestFinished(() => admin.disconnect())
  // A key of another kind where BullMQ would keep the deduplication makes the second alert fail alone.
  const [blocked] = receiptsOf(await intake(parsedWebhook(alertAt('b'))))
  const { dedupId } = await runOf(queue, blocked)
  await server.flush()
  await admin.lpush(`{opifer}:runs:de:${dedupId}`, 'another kind')

  expect(await intake(webhook)).toMatchObject({ kind: 'unavailable', reason: 'Redis did not take all alerts' })
  expect(await queue.count()).toBe(2)

  await admin.del(`{opifer}:runs:de:${dedupId}`)
  expect(resultsOf(await intake(webhook))).toEqual(['deduplicated', 'enqueued', 'deduplicated'])
  expect(await queue.count()).toBe(3)
})
