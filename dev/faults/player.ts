import type { Schedule } from './actions.ts'
import { type Environment, type EnvironmentOptions, QUEUE_PREFIX, startEnvironment } from './environment.ts'
import { play, type PlayResult } from './play.ts'
import { QueueSnapshot } from './queue-snapshot.ts'

/** Plays schedules one at a time, and replaces its environment after one that has failed. */
export class Player implements AsyncDisposable {
  readonly #options: EnvironmentOptions
  #stage: Stage | undefined
  #plays = 0

  constructor(options: EnvironmentOptions = {}) {
    this.#options = options
  }

  async play(schedule: Schedule): Promise<PlayResult> {
    this.#stage ??= await openStage(this.#options)
    const { environment, queue } = this.#stage
    const result = await play(schedule, { environment, queue, scope: `play ${++this.#plays}` })
    if (result.violations.length > 0) await this[Symbol.asyncDispose]()
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stage = this.#stage
    this.#stage = undefined
    await stage?.queue.close()
    await stage?.environment.stop()
  }
}

interface Stage {
  environment: Environment
  queue: QueueSnapshot
}

async function openStage(options: EnvironmentOptions): Promise<Stage> {
  const environment = await startEnvironment(options)
  return { environment, queue: new QueueSnapshot(environment.redis.url, QUEUE_PREFIX) }
}
