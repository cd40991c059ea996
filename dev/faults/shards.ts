import type * as fc from 'fast-check'
import type { Schedule } from './actions.ts'
import type { EnvironmentOptions } from './environment.ts'
import type { PlayResult } from './play.ts'
import { Player } from './player.ts'
import { scheduleOf } from './schedule.ts'

export interface SeedResult extends PlayResult {
  seed: number
}

export interface ShardOptions extends EnvironmentOptions {
  seeds: Iterable<number>
  /** Where the schedules of the seeds come from. */
  from?: fc.Arbitrary<Schedule> | undefined
  /** How many environments are played in at once. */
  shards: number
  onResult: (result: SeedResult) => void
  /** Asked before each seed. */
  goOn?: () => boolean
}

/** Plays the schedules of some seeds, in several environments at once. */
export async function playSeeds({
  seeds,
  shards,
  onResult,
  goOn = () => true,
  from,
  ...options
}: ShardOptions): Promise<void> {
  const queue = seeds[Symbol.iterator]()
  async function shard(): Promise<void> {
    await using player = new Player(options)
    for (let next = queue.next(); !next.done && goOn(); next = queue.next()) {
      onResult({ seed: next.value, ...(await player.play(scheduleOf(next.value, '', from))) })
    }
  }
  await Promise.all(Array.from({ length: shards }, shard))
}

export function seedRange(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index)
}
