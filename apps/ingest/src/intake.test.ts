import { isInvalid, parseWebhook, type Run, type Webhook } from '@opifer/core'
import { makeAlert, makeWebhook } from '@opifer/core/testing'
import { eventually, freePort, loadFixture, type RedisServer, startProxy, startRedis } from '@opifer/testkit'
import type { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Intake, Receipt } from './intake.ts'
import { openIngest, type OpenIngest } from './testing/open-ingest.ts'

const IMPATIENT = { redisTimeout: '300ms' }
// Generous, since the machine may be busy; what is tested against would take for ever.
const GROSSLY_LATE = 3_000

let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
})

afterEach(() => server.flush())

afterAll(() => server.stop())

async function givenIngest(settings: Record<string, string> = {}, url = server.url): Promise<OpenIngest> {
  const ingest = openIngest(url, settings)
  onTestFinished(() => ingest.close())
  return ingest
}

async function givenReadyIngest(settings: Record<string, string> = {}, url = server.url): Promise<OpenIngest> {
  const ingest = await givenIngest(settings, url)
  await ingest.ready()
  return ingest
}

async function givenServer(...extraArgs: string[]): Promise<RedisServer> {
  const own = await startRedis({ extraArgs })
  onTestFinished(() => own.stop())
  return own
}

function givenWebhook(...alerts: unknown[]): Webhook {
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

/** As the worker does whose run has had a Job. */
async function coolDown(
  { redis, marks }: OpenIngest,
  about: { dedupId: string; runId: string; cooldownMs: number },
): Promise<void> {
  const lock = { key: '{opifer}:lock', token: 'a worker' }
  await redis.set(lock.key, lock.token)
  await marks.finishJob({ episode: 'episode', keepMs: 60_000, ...about }, lock)
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
  test('that is new is enqueued, one run for each alert', async () => {
    const { intake, queue } = await givenReadyIngest()
    const webhook = givenWebhook(alertAt('a'), alertAt('b'))
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

  test('that comes again joins the runs in flight', async () => {
    const { intake, queue } = await givenReadyIngest()
    const webhook = givenWebhook(alertAt('a'), alertAt('b'))
    const first = receiptsOf(await intake(webhook))
    const again = receiptsOf(await intake(webhook))
    expect(again).toEqual(first.map((receipt) => ({ ...receipt, result: 'deduplicated' })))
    expect(await queue.count()).toBe(2)
  })

  test('that comes again is counted on the runs that it joined, and only then', async () => {
    const { intake, redis, config } = await givenReadyIngest()
    const repeatsOf = async (runId = '') => redis.hget(`${config.queuePrefix}:history:run:${runId}`, 'repeats')
    const webhook = givenWebhook(alertAt('a'), alertAt('b'))
    const [first, second] = receiptsOf(await intake(webhook))
    expect(await redis.keys('*:history:*')).toEqual([])
    await intake(webhook)
    await intake(givenWebhook(alertAt('a')))
    await eventually(async () => expect(await repeatsOf(first?.runId)).toBe('2'))
    expect(await repeatsOf(second?.runId)).toBe('1')
  })

  test('that comes from every member of a cluster at once is one run', async () => {
    const twins = await Promise.all([1, 2, 3].map(() => givenReadyIngest()))
    const answers = await Promise.all(twins.map(({ intake }) => intake(givenWebhook())))
    expect(answers.flatMap(resultsOf).sort()).toEqual(['deduplicated', 'deduplicated', 'enqueued'])
    expect(new Set(answers.flatMap(receiptsOf).map(({ runId }) => runId)).size).toBe(1)
    expect(await twins[0]?.queue.count()).toBe(1)
  })

  test('that holds an alert that is new besides one in flight enqueues only that', async () => {
    const { intake } = await givenReadyIngest()
    const [first] = receiptsOf(await intake(givenWebhook(alertAt('a'))))
    const answer = await intake(givenWebhook(alertAt('b'), alertAt('a')))
    expect(resultsOf(answer)).toEqual(['enqueued', 'deduplicated'])
    expect(receiptsOf(answer)[1]?.runId).toBe(first?.runId)
  })

  test('that names one alert twice is one run', async () => {
    const { intake, queue } = await givenReadyIngest()
    const [one, two] = receiptsOf(await intake(givenWebhook(alertAt('a'), alertAt('a'))))
    expect([one?.result, two?.result]).toEqual(['enqueued', 'deduplicated'])
    expect(two?.runId).toBe(one?.runId)
    expect(await queue.count()).toBe(1)
  })

  test('without alerts is accepted', async () => {
    const { intake } = await givenReadyIngest()
    expect(await intake({ ...givenWebhook(), alerts: [] })).toEqual({ kind: 'accepted', receipts: [] })
  })

  test('is enqueued again once its run has ended', async () => {
    const ingest = await givenReadyIngest()
    const [first] = receiptsOf(await ingest.intake(givenWebhook()))
    await finish(ingest, first?.runId)
    expect(resultsOf(await ingest.intake(givenWebhook()))).toEqual(['enqueued'])
  })

  test('of a thousand alerts is taken whole', async () => {
    const { intake, queue } = await givenReadyIngest({ redisTimeout: '20s' })
    const alerts = Array.from({ length: 1_000 }, (_, index) => alertAt(`node-${index}`))
    expect(new Set(resultsOf(await intake(givenWebhook(...alerts))))).toEqual(new Set(['enqueued']))
    expect(await queue.count()).toBe(1_000)
  })
})

describe('a cooldown', () => {
  test('keeps its alert quiet, told with the run that was, and nobody else', async () => {
    const ingest = await givenReadyIngest()
    const [first] = receiptsOf(await ingest.intake(givenWebhook(alertAt('a'))))
    const { dedupId } = await runOf(ingest.queue, first)
    await coolDown(ingest, { dedupId, runId: first?.runId ?? '', cooldownMs: 60_000 })
    await finish(ingest, first?.runId)

    const [quiet, other] = receiptsOf(await ingest.intake(givenWebhook(alertAt('a'), alertAt('b'))))
    expect(quiet).toMatchObject({ result: 'cooldown', runId: first?.runId })
    expect(other).toMatchObject({ result: 'enqueued' })
    expect(await ingest.queue.count()).toBe(1)
  })

  test('of every alert of a webhook leaves nothing to enqueue', async () => {
    const ingest = await givenReadyIngest()
    const [first] = receiptsOf(await ingest.intake(givenWebhook()))
    const { dedupId } = await runOf(ingest.queue, first)
    await coolDown(ingest, { dedupId, runId: 'earlier', cooldownMs: 50 })
    expect(resultsOf(await ingest.intake(givenWebhook()))).toEqual(['cooldown'])
    await finish(ingest, first?.runId)
    await eventually(async () => expect(resultsOf(await ingest.intake(givenWebhook()))).toEqual(['enqueued']))
  })
})

describe('with the group as one piece of work', () => {
  test('a group is one run at a time, whichever alerts it holds', async () => {
    const { intake, queue } = await givenReadyIngest({ dedupScope: 'group' })
    const [one, two] = receiptsOf(await intake(givenWebhook(alertAt('a'), alertAt('b'))))
    expect([one?.result, two?.result]).toEqual(['enqueued', 'deduplicated'])
    expect(two?.runId).toBe(one?.runId)
    expect(resultsOf(await intake(givenWebhook(alertAt('c'))))).toEqual(['deduplicated'])
    expect(await queue.count()).toBe(1)
  })

  test('its resolved alerts are another', async () => {
    const { intake } = await givenReadyIngest({ dedupScope: 'group' })
    const answer = await intake(givenWebhook(alertAt('a'), alertAt('b', { status: 'resolved' })))
    expect(resultsOf(answer)).toEqual(['enqueued', 'enqueued'])
  })
})

describe('a resolved alert', () => {
  test('leaves a mark that its firing run finds, for as long as is set', async () => {
    const { intake, redis } = await givenReadyIngest({ resolvedTtl: '90s' })
    const parsed = parseWebhook(JSON.parse(loadFixture('alertmanager/firing-group-with-one-resolved.json')))
    if (!parsed.ok) throw new Error('the captured webhook is sound')
    const before = Date.now()
    await intake(parsed.webhook)
    const keys = await redis.keys('{opifer}:resolved:*')
    expect(keys).toHaveLength(1)
    const mark = JSON.parse((await redis.get(keys[0] ?? '')) ?? '')
    expect(mark.endedAt).toBe(Date.parse('2026-11-23T03:58:56Z'))
    expect(mark.receivedAt).toBeGreaterThanOrEqual(before)
    expect(await redis.pttl(keys[0] ?? '')).toBeLessThanOrEqual(90_000)
  })

  test('leaves it also while its own run is in flight or quiet', async () => {
    const { intake, redis } = await givenReadyIngest()
    const webhook = givenWebhook(alertAt('a', { status: 'resolved' }))
    await intake(webhook)
    await redis.del(await redis.keys('{opifer}:resolved:*'))
    expect(resultsOf(await intake(webhook))).toEqual(['deduplicated'])
    expect(await redis.keys('{opifer}:resolved:*')).toHaveLength(1)
  })
})

const at = (second: number) => `2026-11-23T04:00:0${second}Z`
const firing = (startsAt: string | undefined) => givenWebhook(alertAt('a', { startsAt }))
const resolved = (endsAt: string | undefined) => givenWebhook(alertAt('a', { status: 'resolved', endsAt }))
const firedAnewOf = (redis: OpenIngest['redis']) => redis.keys('{opifer}:fired-anew:*')

describe('an alert that fires anew while its first firing still waits', () => {
  test.each([
    ['with times', at(1), at(2), at(3)],
    ['without times', undefined, undefined, undefined],
  ])('joins its run, which its first end then no longer supersedes: %s', async (_, first, end, again) => {
    const { intake, redis } = await givenReadyIngest()
    const [run] = receiptsOf(await intake(firing(first)))
    await intake(resolved(end))
    expect(await firedAnewOf(redis)).toEqual([])
    await eventually(async () => {
      expect(receiptsOf(await intake(firing(again)))).toMatchObject([{ result: 'deduplicated', runId: run?.runId }])
      expect(await firedAnewOf(redis)).toHaveLength(1)
    })
  })

  test('is not taken while a worker is ending that run, and has a run of its own afterwards', async () => {
    const ingest = await givenReadyIngest()
    const { intake, marks } = ingest
    const [first] = receiptsOf(await intake(firing(at(1))))
    await intake(resolved(at(2)))
    await marks.markClosing(first?.runId ?? '', 60_000)
    const answer = { kind: 'unavailable', reason: 'the run of an earlier firing is just ending' }
    expect(await intake(firing(at(3)))).toEqual(answer)
    expect(await intake(firing(at(3)))).toEqual(answer)
    await finish(ingest, first?.runId)
    expect(resultsOf(await intake(firing(at(3))))).toEqual(['enqueued'])
  })

  test('is seen to do so, though the first end has not come yet', async () => {
    const { intake, redis } = await givenReadyIngest()
    await intake(firing(at(1)))
    expect(resultsOf(await intake(firing(at(3))))).toEqual(['deduplicated'])
    expect(await firedAnewOf(redis)).toHaveLength(1)
  })

  test('is not what a late twin of the first firing looks like', async () => {
    const { intake, redis } = await givenReadyIngest()
    await intake(firing(at(1)))
    await intake(resolved(at(2)))
    await intake(firing(at(1)))
    expect(await firedAnewOf(redis)).toEqual([])
  })

  test('needs no mark where a group counts as a whole', async () => {
    const { intake, redis } = await givenReadyIngest({ dedupScope: 'group' })
    await intake(resolved(at(2)))
    expect(await redis.keys('{opifer}:resolved:*')).toEqual([])
  })
})

describe('an alert that is wrong in itself', () => {
  test.each([
    ['no alertname', { status: 'firing', labels: { severity: 'page' } }],
    ['an empty alertname', { status: 'firing', labels: { alertname: '' } }],
    ['no object', 'alert'],
    ['null', null],
  ])('%s becomes a run with the reason, and its group goes on', async (_, wrong) => {
    const { intake, queue } = await givenReadyIngest()
    const [defective, sound] = receiptsOf(await intake(givenWebhook(wrong, alertAt('a'))))
    expect(defective).toMatchObject({ result: 'enqueued', invalid: expect.any(String) })
    expect(sound).toMatchObject({ result: 'enqueued' })
    expect(sound).not.toHaveProperty('invalid')
    const run = await runOf(queue, defective)
    expect(run.alert).toHaveProperty('invalid', defective?.invalid)
  })
})

test('labels that are hostile reach the queue as they are', async () => {
  const { intake, queue } = await givenReadyIngest()
  const labels = JSON.parse(
    '{"alertname":"__proto__","__proto__":"p","constructor":"c","a{{b}}$(C)`\\u0000":"\\ud800é\\n"}',
  )
  const [receipt] = receiptsOf(await intake(givenWebhook({ status: 'firing', labels })))
  const run = await runOf(queue, receipt)
  if (isInvalid(run.alert)) throw new Error(run.alert.invalid)
  expect(Object.getOwnPropertyNames(run.alert.labels).sort()).toEqual(Object.getOwnPropertyNames(labels).sort())
  expect(Object.getOwnPropertyDescriptor(run.alert.labels, '__proto__')?.value).toBe('p')
})

/** Why a webhook was not taken; fails when it was, or when that took far longer than it may. */
async function refusalOf({ intake }: OpenIngest, webhook = givenWebhook()): Promise<string> {
  const start = performance.now()
  const answer = await intake(webhook)
  expect(performance.now() - start).toBeLessThan(GROSSLY_LATE)
  if (answer.kind === 'accepted') throw new Error('it was accepted')
  return [answer.reason, answer.cause instanceof Error ? answer.cause.message : ''].join(': ')
}

const recovered = ({ intake }: OpenIngest) => eventually(async () => resultsOf(await intake(givenWebhook())))

describe('is unavailable, and says why, when Redis', () => {
  test('was never up; and takes webhooks once it is', async () => {
    const port = await freePort()
    const ingest = await givenIngest(IMPATIENT, `redis://127.0.0.1:${port}`)
    expect(await refusalOf(ingest)).toContain('Redis is not connected')
    const late = await startRedis({ port })
    onTestFinished(() => late.stop())
    expect(await recovered(ingest)).toHaveLength(1)
  })

  test('has gone down; and takes webhooks once it is back', async () => {
    const own = await givenServer()
    const ingest = await givenReadyIngest(IMPATIENT, own.url)
    await own.kill()
    expect(await refusalOf(ingest)).toContain('Redis')
    await own.restart()
    expect(await recovered(ingest)).toHaveLength(1)
  })

  test('does not answer; and takes webhooks once it does', async () => {
    const own = await givenServer()
    const ingest = await givenReadyIngest(IMPATIENT, own.url)
    own.pause()
    expect(await refusalOf(ingest)).toContain('Redis')
    expect(await refusalOf(ingest)).toContain('Redis')
    own.resume()
    expect(await recovered(ingest)).toHaveLength(1)
  })

  test('goes away as soon as it has come; and takes webhooks once it is back', async () => {
    const proxy = await startProxy(server)
    onTestFinished(() => proxy.stop())
    const ingest = await givenIngest(IMPATIENT, `redis://127.0.0.1:${proxy.port}`)
    ingest.redis.once('ready', () => proxy.cut())
    await eventually(() => expect(ingest.redis.status).toBe('reconnecting'))
    proxy.restore()
    expect(await recovered(ingest)).toHaveLength(1)
  })

  test('is slower than the deadline', async () => {
    const proxy = await startProxy(server)
    onTestFinished(() => proxy.stop())
    const ingest = await givenReadyIngest({ redisTimeout: '1s' }, `redis://127.0.0.1:${proxy.port}`)
    // Each of the two round trips is in time, and so the connection is kept; both together are not.
    proxy.slow(300)
    expect(await refusalOf(ingest)).toContain('Redis did not')
  })

  test.each([
    ['firing', givenWebhook()],
    ['resolved', givenWebhook(alertAt('a', { status: 'resolved' }))],
  ])('is full: %s', async (_, webhook) => {
    const own = await givenServer('--maxmemory', '100kb')
    const ingest = await givenIngest(IMPATIENT, own.url)
    await ingest.ready()
    expect(await refusalOf(ingest, webhook)).toMatch(/did not take all alerts: .*OOM/)
  })

  test('is a replica, which only reads', async () => {
    const replica = await givenServer('--replicaof', server.host, String(server.port))
    const ingest = await givenIngest(IMPATIENT, replica.url)
    // In between it connects anew, in search of the master.
    await eventually(async () => expect(await refusalOf(ingest)).toMatch(/did not take all alerts: .*READONLY/))
  })
})

test('what Redis took only in part is completed when the webhook comes again', async () => {
  const { intake, queue } = await givenReadyIngest()
  const webhook = givenWebhook(alertAt('a'), alertAt('b'), alertAt('c'))
  const admin = new Redis(server.url)
  onTestFinished(() => admin.disconnect())
  // A key of another kind where BullMQ would keep the deduplication makes the second alert fail alone.
  const [blocked] = receiptsOf(await intake(givenWebhook(alertAt('b'))))
  const { dedupId } = await runOf(queue, blocked)
  await server.flush()
  await admin.lpush(`{opifer}:runs:de:${dedupId}`, 'another kind')

  expect(await intake(webhook)).toMatchObject({ kind: 'unavailable', reason: 'Redis did not take all alerts' })
  expect(await queue.count()).toBe(2)

  await admin.del(`{opifer}:runs:de:${dedupId}`)
  expect(resultsOf(await intake(webhook))).toEqual(['deduplicated', 'enqueued', 'deduplicated'])
  expect(await queue.count()).toBe(3)
})
