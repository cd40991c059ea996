import type { Bench } from './bench.ts'
import { openCluster, startStandIn } from './cluster.ts'
import type { Helper } from './helper.ts'
import { interleave, type Pace, paceOf } from './measure.ts'
import type { JobLoad } from './processes/job-load.ts'
import { dispatch, startFiller } from './runs.ts'
import { comparedPaces, type Figure } from './targets.ts'

/** Runs that a worker works on at a time by default, and posts under way in the baselines. */
const IN_FLIGHT = 50

/** How many Jobs a second one worker gets created from a full queue, beside two ways to post the same Jobs. */
export async function measureDispatch(bench: Bench): Promise<Figure[]> {
  const posts = bench.helper<JobLoad, number>('job-load.ts')
  const standIn = bench.kubeconfig === undefined ? await startStandIn(bench) : undefined
  const figures = standIn ? await bench.scope(() => against('dispatch', { ...standIn, bench, posts })) : []
  // With an API server that has work to do itself: a real one where it is given.
  const cluster = { ...(await openCluster(bench)), bench, posts }
  return [...figures, ...(await against(standIn ? 'dispatch.devcluster' : 'dispatch', cluster))]
}

interface Setting {
  bench: Bench
  posts: Helper<JobLoad, number>
  kubeconfig: string
  /** Makes it forget all Jobs, where it can. */
  reset?: () => Promise<void>
}

let round = 0

async function against(id: string, { bench, posts, kubeconfig, reset }: Setting): Promise<Figure[]> {
  const filler = startFiller(bench)
  const worker = await bench.start('worker', { flags: [`--kubeconfig=${kubeconfig}`], profile: `worker.${id}` })
  const jobs = (bench.quick ? 800 : 2_400) / (reset ? 1 : 4)
  const post = (client: JobLoad['client'], count: number): Promise<Pace> =>
    paceOf(posts.pid, async () => {
      await reset?.()
      const load = { client, kubeconfig, jobs: count, inFlight: IN_FLIGHT, round: `bench-${process.pid}-${++round}` }
      return { done: count, seconds: await posts.ask(load) }
    })
  const measured = await interleave(bench.quick ? 2 : 5, {
    worker: async () => {
      await reset?.()
      return paceOf(worker.pid, () => dispatch(bench, filler, jobs))
    },
    loop: () => post('keep-alive loop', jobs),
    clientNode: () => post('client-node', Math.round(jobs / 4)),
  })
  return [
    ...comparedPaces(`${id}.loop`, 'Job', measured.worker, measured.loop),
    ...comparedPaces(`${id}.client-node`, 'Job', measured.worker, measured.clientNode),
  ]
}
