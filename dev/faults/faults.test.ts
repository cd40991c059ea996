/** A small part of `npm run test:faults`. A failure names the command that replays its seed with an event log. */
import { expect, test } from 'vitest'
import { playSeeds, seedRange } from './shards.ts'
import { add, describeFailure, emptyTally } from './tally.ts'

const SEEDS = 30
const FOUR_MINUTES = 240_000

test(
  `${SEEDS} random schedules of faults lose no alert, double no Job and leave nothing stuck`,
  async () => {
    let tally = emptyTally()
    const failures: string[] = []
    await playSeeds({
      seeds: seedRange(1, SEEDS),
      shards: 2,
      onResult(result) {
        tally = add(tally, result)
        if (result.violations.length > 0) failures.push(describeFailure(result))
      },
    })
    expect(failures.join('\n')).toBe('')
    expect(tally).toMatchObject({ seeds: SEEDS, lost: 0, doubled: 0, stuck: 0, untrue: 0 })
    expect(tally.acknowledged).toBeGreaterThan(SEEDS)
    expect(tally.jobs).toBeGreaterThan(SEEDS)
  },
  FOUR_MINUTES,
)
