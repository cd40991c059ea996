import { setTimeout as delay } from 'node:timers/promises'
import { runSchema } from '@opifer/core'
import { RUNS } from '@opifer/queue'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import type { QueueEvent, RunRecord } from './history.ts'

/** The queue as an outsider sees it, over a connection of its own that no fault disturbs. */
export class QueueEye {
  readonly #redis: Redis
  readonly #queue: Queue
  readonly #prefix: string
  /** Keys that are known to be as they must. */
  readonly #passed = new Set<string>()
  #lastEvent = '0'

  constructor(url: string, prefix: string) {
    this.#prefix = prefix
    this.#redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 100 })
    this.#queue = new Queue(RUNS.name, { connection: this.#redis, prefix })
    // Redis is taken away on purpose.
    this.#redis.on('error', () => {})
    this.#queue.on('error', () => {})
  }

  /** Resolves when every run has ended, and tells whether that was in time. Delayed runs are woken if asked for. */
  async untilQuiet({ timeout, wake }: { timeout: number; wake: boolean }): Promise<boolean> {
    const deadline = performance.now() + timeout
    for (let look = 0; performance.now() < deadline; look++) {
      const counts = await this.#queue.getJobCounts(...UNFINISHED)
      if (Object.values(counts).every((count) => count === 0)) return true
      if (wake && look % 6 === 5) await this.#queue.promoteJobs()
      await delay(50)
    }
    return false
  }

  /** What happened in the queue since it was asked last. */
  async events(): Promise<QueueEvent[]> {
    const entries = await this.#redis.xrange(this.#queue.toKey('events'), `(${this.#lastEvent}`, '+')
    this.#lastEvent = entries.at(-1)?.[0] ?? this.#lastEvent
    return entries.map(([id, fields]) => {
      const field = new Map<string, string>()
      for (let index = 0; index < fields.length; index += 2) field.set(fields[index] ?? '', fields[index + 1] ?? '')
      return { at: Number.parseInt(id, 10), type: field.get('event') ?? '', runId: field.get('jobId') ?? '' }
    })
  }

  async runs(ids: Iterable<string>): Promise<RunRecord[]> {
    return Promise.all(
      [...ids].map(async (id) => {
        const [job, state] = await Promise.all([this.#queue.getJob(id), this.#queue.getJobState(id)])
        const said = JSON.stringify([job?.returnvalue, job?.failedReason, job?.attemptsStarted, job?.stalledCounter])
        return { id, state, run: job && runSchema.parse(job.data), said }
      }),
    )
  }

  /** Keys without an expiry that no finished run accounts for and that are not the queue's own. */
  async leftovers(): Promise<string[]> {
    const keys: string[] = []
    for await (const page of this.#redis.scanStream({ count: 1_000 })) keys.push(...(page as string[]))
    const fresh = keys.filter((key) => !this.#passed.has(key))
    const expiries = await Promise.all(fresh.map((key) => this.#redis.pttl(key)))
    const finished = new Set(await this.#finished())
    return fresh.filter((key, index) => {
      const isBounded = expiries[index] !== FOREVER || this.#isQueuesOwn(key) || finished.has(key)
      if (isBounded) this.#passed.add(key)
      return !isBounded
    })
  }

  /** Takes away the finished runs, so that a world can see many seeds and stay small. */
  async forgetFinished(): Promise<void> {
    for (const key of await this.#finished()) this.#passed.delete(key)
    await this.#queue.clean(0, 100_000, 'completed')
    await this.#queue.clean(0, 100_000, 'failed')
  }

  async close(): Promise<void> {
    await this.#queue.close()
    this.#redis.disconnect()
  }

  /** Keys of the finished runs: retention bounds how many there are. */
  async #finished(): Promise<string[]> {
    const sets = await Promise.all(
      ['completed', 'failed'].map((state) => this.#redis.zrange(this.#queue.toKey(state), '0', '-1')),
    )
    return sets.flat().map((id) => this.#queue.toKey(id))
  }

  #isQueuesOwn(key: string): boolean {
    const prefix = `${this.#prefix}:${RUNS.name}:`
    return key.startsWith(prefix) && QUEUES_OWN.has(key.slice(prefix.length))
  }
}

const UNFINISHED = ['waiting', 'active', 'delayed', 'prioritized', 'waiting-children'] as const

/** What PTTL answers for a key that has no expiry. */
const FOREVER = -1

/**
 * What BullMQ keeps as long as there is a queue. Each is one key: two of a fixed size, an event stream of some 10,000
 * entries, and the lists of runs, which empty themselves or are bounded by the catalogue's retention.
 */
const QUEUES_OWN: ReadonlySet<string> = new Set([
  'meta',
  'id',
  'events',
  'marker',
  'wait',
  'paused',
  'active',
  'delayed',
  'prioritized',
  'pc',
  'stalled',
  'completed',
  'failed',
])
