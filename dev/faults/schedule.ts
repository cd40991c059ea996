import * as fc from 'fast-check'
import type { Schedule } from './actions.ts'
import { blackout, faults, takeover } from './fault-arbitraries.ts'
import { posts } from './post-arbitraries.ts'

/** How long posts and faults come for, in milliseconds. */
const WINDOW = 2_500

/** Everything that is done in a fault run. Shrinks by leaving things out. */
export const schedules = makeSchedules({ takeovers: false })

/**
 * The same, but in one of four all workers except one are frozen in the middle of creates. A create that such a worker
 * sends when it continues may come after another worker has ended its run: until a run in doubt waits for that, these
 * schedules can fail on a correct product too.
 */
export const takeoverSchedules = makeSchedules({ takeovers: true })

function makeSchedules({ takeovers }: { takeovers: boolean }): fc.Arbitrary<Schedule> {
  return fc.noBias(
    fc
      .record({
        faults: faults(WINDOW),
        blackout: blackout(WINDOW),
        takeover: takeover(),
        posts: posts(WINDOW),
        healAfter: fc.noShrink(fc.integer({ min: 0, max: 500 })),
        unaided: fc.oneof(
          { withCrossShrink: true },
          { weight: 39, arbitrary: fc.constant(false) },
          { weight: 1, arbitrary: fc.constant(true) },
        ),
      })
      .map(({ faults: drawn, blackout: outage, takeover: takeoverAfter, posts: posted, healAfter, unaided }) => {
        const firstPost = Math.min(WINDOW, ...posted.map(({ at }) => at))
        const takenOver = takeovers ? takeoverAfter(firstPost) : []
        const takeoverEnd = Math.max(
          0,
          ...takenOver.map(({ at, action }) => at + ('lasts' in action ? action.lasts : 0)),
        )
        return {
          steps: [...posted, ...drawn, ...outage, ...takenOver].toSorted((a, b) => a.at - b.at),
          healAt: Math.max(WINDOW, takeoverEnd) + healAfter,
          unaided,
        }
      }),
  )
}

/**
 * The same seed always gives the same schedule.
 *
 * @param path to a smaller schedule, as `shrink` reports it
 */
export function scheduleOf(seed: number, path = '', from = schedules): Schedule {
  const [schedule] = fc.sample(from, { seed, path, numRuns: 1 })
  if (!schedule) throw new Error(`seed ${seed} has no schedule at ${path}`)
  return schedule
}
