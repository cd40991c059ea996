import { setTimeout as delay } from 'node:timers/promises'
import { runSchema } from '@opifer/core'
import { RUNS } from '@opifer/queue'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import type { QueueEvent, RunRecord } from './history.ts'

/** Reads the queue over a connection of its own that no fault disturbs. */
export class QueueSnapshot {
  readonly #redis: Redis
  readonly #queue: Queue
  readonly #prefix: string
  /** Keys that were checked and are bounded. */
  readonly #checked = new Set<string>()
  #lastEvent = '0'

  constructor(url: string, prefix: string) {
    this.#prefix = prefix
    this.#redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 100 })
    this.#queue = new Queue(RUNS.name, { connection: this.#redis, prefix })
    // Faults end Redis on purpose.
    this.#redis.on('error', () => {})
    this.#queue.on('error', () => {})
  }

  /**
   * Waits until every run has ended; returns false after `timeout` milliseconds.
   *
   * @param promote runs delayed runs now and then, instead of when they are due
   */
  async untilQuiet({ timeout, promote }: { timeout: number; promote: boolean }): Promise<boolean> {
    const deadline = performance.now() + timeout
    for (let poll = 0; performance.now() < deadline; poll++) {
      const counts = await this.#queue.getJobCounts(...UNFINISHED)
      if (Object.values(counts).every((count) => count === 0)) return true
      if (promote && poll % 6 === 5) await this.#queue.promoteJobs()
      await delay(50)
    }
    return false
  }

  /** What happened in the queue since the last call. */
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
        const lastAttempt = JSON.stringify([
          job?.returnvalue,
          job?.failedReason,
          job?.attemptsStarted,
          job?.stalledCounter,
        ])
        return { id, state, run: job && runSchema.parse(job.data), lastAttempt }
      }),
    )
  }

  /** Keys without an expiry that belong neither to a finished run nor to the queue itself. */
  async leftovers(): Promise<string[]> {
    const keys: string[] = []
    for await (const page of this.#redis.scanStream({ count: 1_000 })) keys.push(...(page as string[]))
    const fresh = keys.filter((key) => !this.#checked.has(key))
    const expiries = await Promise.all(fresh.map((key) => this.#redis.pttl(key)))
    const finished = new Set(await this.#finished())
    return fresh.filter((key, index) => {
      const isBounded = expiries[index] !== NO_EXPIRY || this.#isQueuesOwn(key) || finished.has(key)
      if (isBounded) this.#checked.add(key)
      return !isBounded
    })
  }

  /** Removes the finished runs, so that an environment stays small over many plays. */
  async forgetFinished(): Promise<void> {
    for (const key of await this.#finished()) this.#checked.delete(key)
    await this.#queue.clean(0, 100_000, 'completed')
    await this.#queue.clean(0, 100_000, 'failed')
  }

  async close(): Promise<void> {
    await this.#queue.close()
    this.#redis.disconnect()
  }

  /** Keys of the finished runs, whose number retention bounds. */
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

/** PTTL's answer for a key without an expiry. */
const NO_EXPIRY = -1

/**
 * What BullMQ keeps as long as the queue exists, one key each: `meta` and `id` of fixed size, an event stream of some 10,000
 * entries, and the lists of runs, which empty themselves or are bounded by the catalog's retention.
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
