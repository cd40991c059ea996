import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@opifer/platform/telemetry'
import { retryDelay } from '../../retry-delay.ts'
import type { Collection, KubeApi, KubeObject } from '../client/api.ts'
import { ApiError } from '../client/errors.ts'

/** Receives the state of a collection, in order. */
export interface EventHandler<Item> {
  /** The whole collection: at the start, and after every relist. */
  onList: (items: Item[]) => void
  onEvent: (type: 'ADDED' | 'MODIFIED' | 'DELETED', item: Item) => void
}

export interface InformerOptions {
  log: Logger
  /** Milliseconds on a monotonic clock. */
  now?: () => number
  random?: () => number
  /** Lifetime of one watch; bounds how long a silent one can go unnoticed. */
  watchSeconds?: number
  /** Milliseconds between lists, even while the watch works. */
  relistMs?: number
  /** Called whenever a watch or list is interrupted; it is retried. */
  onInterruption?: () => void
}

/**
 * Follows a collection by list and watch until stopped. Errors, cut or silent connections and expired versions all lead to
 * a retry with growing delay.
 */
export class Informer<Item extends KubeObject> {
  /** Resolves after the first list. */
  readonly ready: Promise<void>
  readonly #api: Pick<KubeApi, 'list' | 'watch'>
  readonly #collection: Collection
  readonly #handler: EventHandler<Item>
  readonly #options: Required<InformerOptions>
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>
  #becomeReady: () => void = () => {}
  /** The handler has seen every change up to this version. */
  #version: string | undefined
  #listedAt = Number.NEGATIVE_INFINITY
  #lastEventAt = Number.NEGATIVE_INFINITY
  #failures = 0

  constructor(
    api: Pick<KubeApi, 'list' | 'watch'>,
    collection: Collection,
    handler: EventHandler<Item>,
    options: InformerOptions,
  ) {
    this.#api = api
    this.#collection = collection
    this.#handler = handler
    this.#options = {
      now: () => performance.now(),
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

  /** Milliseconds since the API server last sent anything, bookmarks included; infinite before the first list. */
  lastEventAge(): number {
    return this.#options.now() - this.#lastEventAt
  }

  /** Milliseconds since the last list of the whole collection; infinite before the first one. */
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
        // Otherwise a server that ends every watch at once would be called in a tight loop.
        if (!lasted) await this.#pause()
      } catch (err) {
        if (this.#stopping.signal.aborted) return
        onInterruption()
        const status = err instanceof ApiError ? err.status : undefined
        if (status?.code === 410) this.#version = undefined
        else log.warn({ err, path: this.#collection.path }, 'watch interrupted, retrying')
        await this.#pause(status?.retryAfterMs)
      }
    }
  }

  async #currentVersion(): Promise<string> {
    const { now, relistMs } = this.#options
    if (this.#version !== undefined && now() - this.#listedAt < relistMs) return this.#version
    const { items, resourceVersion } = await this.#api.list<Item>(this.#collection, this.#stopping.signal)
    this.#lastEventAt = now()
    this.#listedAt = now()
    this.#handler.onList(items)
    this.#version = resourceVersion
    this.#becomeReady()
    return resourceVersion
  }

  /** @returns whether the watch lasted, which proves that the API server has recovered */
  async #watch(since: string): Promise<boolean> {
    const { now, watchSeconds } = this.#options
    const options = { signal: this.#stopping.signal, timeoutSeconds: watchSeconds }
    const openedAt = now()
    const lasted = () => now() - openedAt >= SHORT_WATCH_MS
    try {
      for await (const { type, object } of this.#api.watch<Item>(this.#collection, since, options)) {
        this.#lastEventAt = now()
        const { resourceVersion } = object.metadata
        if (isKnown(resourceVersion, this.#version)) continue
        if (type !== 'BOOKMARK') this.#handler.onEvent(type, object)
        this.#version = resourceVersion
      }
      this.#lastEventAt = now()
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
 * Whether an event is a duplicate or arrived late. Versions of one collection are increasing numbers
 * (kubernetes/enhancements, KEP-5504); others cannot be compared and count as new.
 */
function isKnown(version: string, known: string | undefined): boolean {
  const comparable = known !== undefined && /^\d+$/.test(version) && /^\d+$/.test(known)
  return comparable && BigInt(version) <= BigInt(known)
}
