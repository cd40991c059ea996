import type { RedisClient } from '@opifer/platform/redis'
import type { Condition, Cover } from './conditions.ts'
import { INDEX } from './indexes.ts'
import { indexKey } from './keys.ts'
import type { RunQuery } from './query.ts'

/** Asks indexes, without reading records. */
export interface Covers {
  /** How many runs of that time stand in a cover. One that stands in two of its indexes counts twice. */
  size(cover: Cover, time: Pick<RunQuery, 'from' | 'to'>): Promise<number>
  /** Those of the runs that stand in every one of the covers. */
  inAll(runIds: string[], covers: readonly Cover[]): Promise<string[]>
}

/** The covers of conditions; of the whole history where no index can tell of any. */
export function coversOf(conditions: readonly Condition[]): Cover[] {
  const covers = conditions.flatMap(({ cover }) => (cover ? [cover] : []))
  return covers.length > 0 ? covers : [[INDEX.all]]
}

export function createCovers(redis: RedisClient, base: string): Covers {
  const holds = async (cover: Cover, runIds: string[]) => {
    const scores = await Promise.all(cover.map((index) => redis.zmscore(indexKey(base, index), ...runIds)))
    return runIds.map((_, at) => scores.some((found) => typeof found[at] === 'string'))
  }
  return {
    async size(cover, { from, to }) {
      const bounds = [from ?? '-inf', to === undefined ? '+inf' : `(${to}`] as const
      const sizes = await Promise.all(cover.map((index) => redis.zcount(indexKey(base, index), ...bounds)))
      return sizes.reduce((sum, size) => sum + size, 0)
    },
    async inAll(runIds, covers) {
      if (runIds.length === 0) return []
      const held = await Promise.all(covers.map((cover) => holds(cover, runIds)))
      return runIds.filter((_, at) => held.every((all) => all[at]))
    },
  }
}
