/** A small part of `npm run test:faults`. A failure names the command that replays its seed with an event log. */
import { expect, test } from 'vitest'
import { scheduleOf } from './schedule.ts'
import { playSeeds, seedRange } from './shards.ts'
import { add, describeFailure, emptyTally } from './tally.ts'

/** Unaided schedules take half a minute each, so they are left to the full run. */
const SEEDS = seedRange(1, 40)
  .filter((seed) => !scheduleOf(seed).unaided)
  .slice(0, 30)
const FOUR_MINUTES = 240_000

test(
  `${SEEDS.length} random schedules of faults lose no alert, double no Job and leave nothing stuck`,
  async () => {
    let tally = emptyTally()
    const failures: string[] = []
    await playSeeds({
      seeds: SEEDS,
      shards: 2,
      onResult(result) {
        tally = add(tally, result)
        if (result.violations.length > 0) failures.push(describeFailure(result))
      },
    })
    expect(failures.join('\n')).toBe('')
    expect(tally).toMatchObject({ seeds: SEEDS.length, lost: 0, doubled: 0, stuck: 0, untrue: 0 })
    expect(tally.acknowledged).toBeGreaterThan(SEEDS.length)
    expect(tally.jobs).toBeGreaterThan(SEEDS.length)
  },
  FOUR_MINUTES,
)
