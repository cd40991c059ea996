import type { RedisClient } from '@opifer/platform/redis'
import { defineCommand } from './commands.ts'
import { indexKey } from './keys.ts'
import type { Cover } from './conditions.ts'
import type { Cursor } from './query.ts'
import { READ_INDEX } from './scripts.ts'

/** Reads the runs of several indexes as one, from new to old, each once. */
export interface Scan {
  /** The next runs, at most so many; none at the end. */
  next(count: number): Promise<Cursor[]>
}

export function createScanner(redis: RedisClient, base: string): (cover: Cover, after: Cursor) => Scan {
  const command = defineCommand(redis, 'opiferHistoryReadIndex', READ_INDEX)

  async function readIndex(index: string, after: Cursor, count: number): Promise<Cursor[]> {
    const bound = Number.isFinite(after.receivedAt) ? after.receivedAt : '+inf'
    return placesOf((await command(indexKey(base, index), bound, after.runId, count)) as string[])
  }

  return (cover, after) => {
    let last = after
    const sources = cover.map((index) => ({ index, read: after, ahead: [] as Cursor[], isAtEnd: false }))

    async function fill(source: (typeof sources)[number], count: number): Promise<void> {
      while (source.ahead.length < count && !source.isAtEnd) {
        const some = await readIndex(source.index, source.read, count)
        source.isAtEnd = some.length < count
        source.read = some.at(-1) ?? source.read
        // A place that is not in this index is looked for by its time only, and others may have the same.
        source.ahead.push(...some.filter((place) => isOlder(place, last) && !isAhead(source.ahead, place)))
      }
    }

    return {
      async next(count) {
        await Promise.all(sources.map((source) => fill(source, count)))
        const merged = sources.flatMap(({ ahead }) => ahead).sort(byAge)
        const places = merged.filter(({ runId }, at) => runId !== merged[at - 1]?.runId).slice(0, count)
        last = places.at(-1) ?? last
        for (const source of sources) source.ahead = source.ahead.filter((place) => isOlder(place, last))
        return places
      },
    }
  }
}

/** Members of an index and their scores, as Redis answers them by turns. */
export function placesOf(reply: readonly string[]): Cursor[] {
  return reply.flatMap((runId, at) => (at % 2 === 0 ? [{ runId, receivedAt: Number(reply[at + 1]) }] : []))
}

/** The place before the newest run. */
export const NEWEST: Cursor = { receivedAt: Number.POSITIVE_INFINITY, runId: '' }

/** From new to old; of the same time in the order in which Redis has them: run ids are ASCII. */
export function byAge(one: Cursor, other: Cursor): number {
  if (one.receivedAt !== other.receivedAt) return other.receivedAt - one.receivedAt
  if (one.runId === other.runId) return 0
  return one.runId < other.runId ? 1 : -1
}

function isOlder(place: Cursor, than: Cursor): boolean {
  if (than.runId === '') return place.receivedAt < than.receivedAt
  return byAge(place, than) > 0
}

function isAhead(ahead: readonly Cursor[], place: Cursor): boolean {
  const newest = ahead.at(-1)
  return newest !== undefined && byAge(place, newest) <= 0
}
