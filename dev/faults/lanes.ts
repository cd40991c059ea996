import { QueueEye } from './queue-eye.ts'
import { runSeed, type SeedResult } from './run-seed.ts'
import { QUEUE_PREFIX, startWorld, type World, type WorldOptions } from './world.ts'

export interface LanesOptions extends WorldOptions {
  seeds: Iterable<number>
  /** How many worlds are played in at a time. */
  lanes: number
  onResult: (result: SeedResult) => void
  /** Asked before each seed. */
  goesOn?: () => boolean
}

/** Plays seeds in some worlds side by side. A world that a seed has left in disorder is not used again. */
export async function runLanes({ seeds, lanes, onResult, goesOn = () => true, ...world }: LanesOptions): Promise<void> {
  const queue = seeds[Symbol.iterator]()
  async function lane(): Promise<void> {
    let place: Place | undefined
    try {
      for (let next = queue.next(); !next.done && goesOn(); next = queue.next()) {
        place ??= await openPlace(world)
        const result = await runSeed(next.value, place.world, place.eye)
        onResult(result)
        if (result.violations.length === 0) continue
        await place.close()
        place = undefined
      }
    } finally {
      await place?.close()
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

interface Place {
  world: World
  eye: QueueEye
  close(): Promise<void>
}

async function openPlace(options: WorldOptions): Promise<Place> {
  const world = await startWorld(options)
  const eye = new QueueEye(world.redis.url, QUEUE_PREFIX)
  return {
    world,
    eye,
    async close() {
      await eye.close()
      await world.stop()
    },
  }
}
