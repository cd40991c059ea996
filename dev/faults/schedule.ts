import { drawBlackout, drawFaults } from './draw-faults.ts'
import { drawPosts } from './draw-posts.ts'
import { createRandom } from './random.ts'
import type { Schedule } from './steps.ts'

/** How long posts and faults come for, in milliseconds. */
const WINDOW = 2_500
/** One seed in so many is left unaided. */
const UNAIDED_EVERY = 40

/** Everything that is done in a fault run. The same seed always gives the same schedule. */
export function makeSchedule(seed: number): Schedule {
  const random = createRandom(seed)
  const posts = drawPosts(random, WINDOW)
  const faults = drawFaults(random, WINDOW)
  // Of a stream of its own, so that it does not change the rest.
  const blackout = drawBlackout(createRandom(-seed), WINDOW)
  const steps = [...posts, ...faults, ...blackout].sort((a, b) => a.at - b.at)
  return { seed, steps, healAt: WINDOW + random.int(0, 500), unaided: seed % UNAIDED_EVERY === 0 }
}
