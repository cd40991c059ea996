import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@opifer/platform/telemetry'
import { monotonic } from '../../monotonic.ts'
import { retryDelay } from '../../retry-delay.ts'
import type { Collection, KubeApi, KubeObject } from '../client/api.ts'
import { ApiError } from '../client/errors.ts'

/** What is told of a collection, in order. */
export interface MirrorListener<Item> {
  /** The whole collection, at the start and whenever it had to be listed anew. */
  onList: (items: Item[]) => void
  onChange: (type: 'ADDED' | 'MODIFIED' | 'DELETED', item: Item) => void
}

export interface MirrorOptions {
  log: Logger
  now?: () => number
  random?: () => number
  /** How long one watch lasts before it is opened anew; bounds how long a silent one can go unnoticed. */
  watchSeconds?: number
  /** Milliseconds after which the collection is listed even though the watch seems well. */
  relistMs?: number
  /** Called whenever a watch or list broke off and will be tried again. */
  onInterruption?: () => void
}

/**
 * Follows a collection by list and watch, for as long as it takes: errors, cuts, silence and versions too old are all
 * answered by trying again, with a delay that grows.
 */
export class Mirror<Item extends KubeObject> {
  /** Resolves when the first list is in. */
  readonly ready: Promise<void>
  readonly #api: Pick<KubeApi, 'list' | 'watch'>
  readonly #collection: Collection
  readonly #listener: MirrorListener<Item>
  readonly #options: Required<MirrorOptions>
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>
  #becomeReady: () => void = () => {}
  /** Up to which version every change is known. */
  #version: string | undefined
  #listedAt = Number.NEGATIVE_INFINITY
  #heardAt = Number.NEGATIVE_INFINITY
  #failures = 0

  constructor(
    api: Pick<KubeApi, 'list' | 'watch'>,
    collection: Collection,
    listener: MirrorListener<Item>,
    options: MirrorOptions,
  ) {
    this.#api = api
    this.#collection = collection
    this.#listener = listener
    this.#options = {
      now: monotonic,
      random: Math.random,
      watchSeconds: 20,
      relistMs: 300_000,
      onInterruption() {},
      ...options,
    }
    this.ready = new Promise((resolve) => {
      this.#becomeReady = resolve
    })
    this.#done = this.#follow()
  }

  /** Milliseconds since the API server was last heard of; infinite before the first list. */
  silentFor(): number {
    return this.#options.now() - this.#heardAt
  }

  /** Milliseconds since the collection was last listed as a whole; infinite before the first list. */
  listAge(): number {
    return this.#options.now() - this.#listedAt
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  async #follow(): Promise<void> {
    const { log, onInterruption } = this.#options
    while (!this.#stopping.signal.aborted) {
      try {
        const lasted = await this.#watch(await this.#currentVersion())
        // A server that ends every watch at once must not be asked without a pause.
        if (!lasted) await this.#pause()
      } catch (err) {
        if (this.#stopping.signal.aborted) return
        onInterruption()
        const status = err instanceof ApiError ? err.status : undefined
        if (status?.code === 410) this.#version = undefined
        else log.warn({ err, path: this.#collection.path }, 'watching is interrupted')
        await this.#pause(status?.retryAfterMs)
      }
    }
  }

  async #currentVersion(): Promise<string> {
    const { now, relistMs } = this.#options
    if (this.#version !== undefined && now() - this.#listedAt < relistMs) return this.#version
    const { items, resourceVersion } = await this.#api.list<Item>(this.#collection, this.#stopping.signal)
    this.#heardAt = now()
    this.#listedAt = now()
    this.#listener.onList(items)
    this.#version = resourceVersion
    this.#becomeReady()
    return resourceVersion
  }

  /** Tells whether the watch lasted: only then is the API server well again. */
  async #watch(since: string): Promise<boolean> {
    const { now, watchSeconds } = this.#options
    const options = { signal: this.#stopping.signal, timeoutSeconds: watchSeconds }
    const openedAt = now()
    const lasted = () => now() - openedAt >= SHORT_WATCH_MS
    try {
      for await (const { type, object } of this.#api.watch<Item>(this.#collection, since, options)) {
        this.#heardAt = now()
        const { resourceVersion } = object.metadata
        if (isKnown(resourceVersion, this.#version)) continue
        if (type !== 'BOOKMARK') this.#listener.onChange(type, object)
        this.#version = resourceVersion
      }
      this.#heardAt = now()
    } finally {
      if (lasted()) this.#failures = 0
    }
    return lasted()
  }

  async #pause(floorMs?: number): Promise<void> {
    const { random } = this.#options
    const delay = retryDelay(++this.#failures, { random, baseMs: 100, maxMs: 5_000, floorMs })
    await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }
}

const SHORT_WATCH_MS = 1_000

/**
 * Whether a state is as old as what is known, as in an event that comes twice or late. Versions of one collection are
 * numbers that grow (kubernetes/enhancements, KEP-5504); where they are not, nothing can be said.
 */
function isKnown(version: string, known: string | undefined): boolean {
  const comparable = known !== undefined && /^\d+$/.test(version) && /^\d+$/.test(known)
  return comparable && BigInt(version) <= BigInt(known)
}
