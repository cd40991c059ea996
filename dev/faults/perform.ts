import { setTimeout as delay } from 'node:timers/promises'
import type { TcpProxy } from '@opifer/testkit'
import type { Action, LinkFault } from './steps.ts'
import type { World } from './world.ts'

/** A fault; the others of a schedule's actions are posts. */
export type FaultAction = Exclude<Action, { kind: 'post' | 'garbage' }>

/**
 * Does what a fault says, and takes it back when its time is over or everything is to be healed. Resolves when it is taken
 * back.
 */
export function perform(action: FaultAction, world: World, heal: AbortSignal): Promise<void> {
  const lasting = (ms: number) => delay(ms, undefined, { signal: heal }).catch(() => {})
  // The table's types hold each kind together with its action; in a union that is lost.
  const doIt = PERFORMERS[action.kind] as (of: FaultAction, stage: Stage) => Promise<void>
  return doIt(action, { world, heal, lasting })
}

interface Stage {
  world: World
  heal: AbortSignal
  /** Resolves after that long, or when everything is to be healed. */
  lasting: (ms: number) => Promise<void>
}

type Performers = {
  [Kind in FaultAction['kind']]: (action: Extract<FaultAction, { kind: Kind }>, stage: Stage) => Promise<void>
}

const PERFORMERS: Performers = {
  'end-process': async ({ process, signal, down }, { world }) => world.processes.get(process)?.restart(signal, down),
  'freeze-process': async ({ process, lasts }, { world, lasting }) =>
    world.processes.get(process)?.freeze(lasting(lasts)),
  async roll({ app }, { world, heal }) {
    for (const [name, process] of world.processes) {
      if (name.startsWith(app) && !heal.aborted) await process.restart('SIGTERM', 0)
    }
  },
  'redis-crash': ({ down }, { world, lasting }) =>
    oneByOne(world, async () => {
      await world.redis.kill()
      await lasting(down)
      await world.redis.restart()
      world.listener.note('Redis is back')
    }),
  'redis-freeze': ({ lasts }, { world, lasting }) =>
    oneByOne(world, async () => {
      world.redis.pause()
      await lasting(lasts)
      world.redis.resume()
    }),
  async link({ link: name, fault, lasts }, { world, lasting }) {
    const link = world.links.get(name)
    if (link) disturb(link, fault)
    await lasting(lasts)
    link?.restore()
  },
  async 'api-rule'({ rule, lasts }, { world, lasting }) {
    const remove = world.cluster.faults?.add(rule)
    await lasting(lasts)
    remove?.()
  },
  'api-switch': async ({ what }, { world }) => world.cluster.faults?.[what](),
  async 'api-outage'({ what, lasts }, { world, lasting }) {
    const { faults } = world.cluster
    await (what === 'pause' ? faults?.pause() : faults?.refuse())
    await lasting(lasts)
    await (what === 'pause' ? faults?.resume() : faults?.accept())
  },
  async 'delete-job'({ chosen }, { world }) {
    const job = await world.cluster.deleteJob(chosen)
    if (job) world.listener.onDeletedByHand(job)
  },
  async clock({ process, step, lasts }, { world, lasting }) {
    await world.setClock(process, step)
    await lasting(lasts)
    await world.setClock(process, 0)
  },
}

const redisWork = new WeakMap<World, Promise<void>>()

/** What befalls Redis: a server that is down can't be frozen. */
function oneByOne(world: World, work: () => Promise<void>): Promise<void> {
  const done = (redisWork.get(world) ?? Promise.resolve()).then(work)
  redisWork.set(world, done)
  return done
}

function disturb(link: TcpProxy, fault: LinkFault): void {
  if (fault.type === 'slow') link.slow(fault.latency)
  else link[fault.type]()
}
