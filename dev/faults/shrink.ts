import * as fc from 'fast-check'
import type { Schedule } from './actions.ts'
import { schedules } from './schedule.ts'

export interface ShrinkLimits {
  /** How many schedules are tried, the seed's own included. */
  tries: number
  /** Milliseconds. */
  time: number
}

export interface Shrunk {
  schedule: Schedule
  /** Leads from the seed to the schedule. */
  path: string
  tries: number
  /** Whether nothing smaller fails; otherwise a limit was reached. */
  isSmallest: boolean
}

/** Finds the smallest schedule of a seed that still fails; undefined when the seed's own does not. */
export async function shrink(
  seed: number,
  fails: (schedule: Schedule) => Promise<boolean>,
  { tries: maxTries, time }: ShrinkLimits,
  from = schedules,
): Promise<Shrunk | undefined> {
  const deadline = performance.now() + time
  let tries = 0
  const property = fc.asyncProperty(from, async (schedule) => {
    const isOver = tries >= maxTries || performance.now() >= deadline
    if (isOver) throw new fc.PreconditionFailure(true)
    tries++
    return !(await fails(schedule))
  })
  const { counterexample, counterexamplePath, interrupted } = await fc.check(property, { seed, numRuns: 1 })
  if (!counterexample || counterexamplePath === null) return undefined
  return { schedule: counterexample[0], path: counterexamplePath, tries, isSmallest: !interrupted }
}
