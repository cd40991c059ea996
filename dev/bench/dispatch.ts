import type { Bench } from './bench.ts'
import { openCluster, startStandIn } from './cluster.ts'
import type { Helper } from './helper.ts'
import { interleave, type Pace, paceOf } from './measure.ts'
import type { JobLoad } from './processes/job-load.ts'
import { dispatch, startFiller } from './runs.ts'
import { comparedPaces, type Figure } from './targets.ts'

/** The default concurrency of a worker, and of the posts in the baselines. */
const IN_FLIGHT = 50

/**
 * Jobs per second that one worker creates from a full queue; the baselines are two ways to post the same Jobs. Without
 * `--kubeconfig` the API server is a stand-in and then a development cluster.
 */
export async function measureDispatch(bench: Bench): Promise<Figure[]> {
  const posts = bench.helper<JobLoad, number>('job-load.ts')
  const standIn = bench.kubeconfig === undefined ? await startStandIn(bench) : undefined
  const figures = standIn ? await bench.scope(() => against('dispatch', { ...standIn, bench, posts })) : []
  const cluster = { ...(await openCluster(bench)), bench, posts }
  return [...figures, ...(await against(standIn ? 'dispatch.devcluster' : 'dispatch.cluster', cluster))]
}

interface Setting {
  bench: Bench
  posts: Helper<JobLoad, number>
  kubeconfig: string
  /** Deletes all Jobs, where that is cheap. */
  reset?: () => Promise<void>
}

let round = 0

async function against(id: string, { bench, posts, kubeconfig, reset }: Setting): Promise<Figure[]> {
  const filler = await startFiller(bench)
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
