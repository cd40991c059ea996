/**
 * A bounded part of `npm run test:faults`, which plays many more seeds. A seed that fails here is played again, with its
 * event history, by the command that the failure names.
 */
import { expect, test } from 'vitest'
import { runLanes } from './lanes.ts'
import { add, describeFailure, emptyTally } from './tally.ts'

const SEEDS = 30
const FOUR_MINUTES = 240_000

test(
  `${SEEDS} random schedules of faults lose nothing, double nothing and leave nothing stuck`,
  async () => {
    let tally = emptyTally()
    const failures: string[] = []
    await runLanes({
      seeds: Array.from({ length: SEEDS }, (_, index) => index + 1),
      lanes: 2,
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
