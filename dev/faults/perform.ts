import { setTimeout as delay } from 'node:timers/promises'
import type { TcpProxy } from '@opifer/testkit'
import type { FaultAction, LinkFault } from './actions.ts'
import type { Environment } from './environment.ts'
import type { History, JobEvent } from './history.ts'

export interface PerformDeps {
  environment: Environment
  history: Pick<History, 'jobs' | 'deletedByHand'>
  /** Ends all faults. */
  heal: AbortSignal
}

/** Injects a fault, and removes it when its time is over or everything is healed. Resolves when it is removed. */
export function perform(action: FaultAction, deps: PerformDeps): Promise<void> {
  const lasting = (ms: number) => delay(ms, undefined, { signal: deps.heal }).catch(() => {})
  // The table's types hold each kind together with its action; in a union that is lost.
  const performer = PERFORMERS[action.kind] as (of: FaultAction, context: Context) => Promise<void>
  return performer(action, { ...deps, lasting })
}

interface Context extends PerformDeps {
  /** Resolves after so many milliseconds, or when everything is to be healed. */
  lasting: (ms: number) => Promise<void>
}

type Performers = {
  [Kind in FaultAction['kind']]: (action: Extract<FaultAction, { kind: Kind }>, context: Context) => Promise<void>
}

const PERFORMERS: Performers = {
  'end-process': async ({ process, signal, down }, { environment }) =>
    environment.processes.get(process)?.restart(signal, down),
  'freeze-process': async ({ process, lasts }, { environment, lasting }) =>
    environment.processes.get(process)?.freeze(lasting(lasts)),
  async roll({ app }, { environment, heal }) {
    for (const [name, process] of environment.processes) {
      if (name.startsWith(app) && !heal.aborted) await process.restart('SIGTERM', 0)
    }
  },
  'redis-crash': ({ down }, { environment, lasting }) =>
    oneAtATime(environment, async () => {
      await environment.redis.kill()
      await lasting(down)
      await environment.redis.restart()
      environment.listener.note('Redis is back')
    }),
  'redis-freeze': ({ lasts }, { environment, lasting }) =>
    oneAtATime(environment, async () => {
      environment.redis.pause()
      await lasting(lasts)
      environment.redis.resume()
    }),
  async link({ link: name, fault, lasts }, { environment, lasting }) {
    const link = environment.links.get(name)
    if (link) disturb(link, fault)
    await lasting(lasts)
    link?.restore()
  },
  async 'api-rule'({ rule, lasts }, { environment, lasting }) {
    const remove = environment.cluster.faults?.add(rule)
    await lasting(lasts)
    remove?.()
  },
  'api-switch': async ({ what }, { environment }) => environment.cluster.faults?.[what](),
  async 'api-outage'({ what, lasts }, { environment, lasting }) {
    const { faults } = environment.cluster
    await (what === 'pause' ? faults?.pause() : faults?.refuse())
    await lasting(lasts)
    await (what === 'pause' ? faults?.resume() : faults?.accept())
  },
  async 'delete-job'({ which, chosen }, { environment, history, heal, lasting }) {
    let jobs = existing(history.jobs, which)
    if (which === 'running') {
      while (jobs.length === 0 && !heal.aborted) {
        await lasting(JOB_POLL_MS)
        jobs = existing(history.jobs, which)
      }
    }
    const job = jobs[Math.floor(chosen * jobs.length)]
    if (!job || !(await environment.cluster.deleteJob(job.name))) return
    history.deletedByHand.push(job.uid)
    environment.listener.note(`deleted Job ${job.name}`)
  },
  async clock({ process, step, lasts }, { environment, lasting }) {
    await environment.setClock(process, step)
    await lasting(lasts)
    await environment.setClock(process, 0)
  },
}

const JOB_POLL_MS = 20

/** The Jobs that exist now, each as it is now. */
function existing(events: readonly JobEvent[], which: 'running' | 'finished'): JobEvent[] {
  const latest = new Map(events.map((event) => [event.uid, event]))
  return [...latest.values()].filter(
    ({ type, state }) => type !== 'DELETED' && (state === 'running') === (which === 'running'),
  )
}

const redisWork = new WeakMap<Environment, Promise<void>>()

/** A Redis that is down can't be frozen. */
function oneAtATime(environment: Environment, work: () => Promise<void>): Promise<void> {
  const done = (redisWork.get(environment) ?? Promise.resolve()).then(work)
  redisWork.set(environment, done)
  return done
}

function disturb(link: TcpProxy, fault: LinkFault): void {
  if (fault.type === 'slow') link.slow(fault.latency)
  else link[fault.type]()
}
