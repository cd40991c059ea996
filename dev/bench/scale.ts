import type { Bench } from './bench.ts'
import { type StandIn, startStandIn } from './cluster.ts'
import { interleave } from './measure.ts'
import { dispatch, startFiller } from './runs.ts'
import { measureStorm } from './storm.ts'
import { compared, type Figure } from './targets.ts'

/** Throughput by number of workers, and a storm of alerts. */
export async function measureScale(bench: Bench): Promise<Figure[]> {
  const standIn = await startStandIn(bench)
  return [...(await moreWorkers(bench, standIn)), ...(await measureStorm(bench, standIn))]
}

async function moreWorkers(bench: Bench, standIn: StandIn): Promise<Figure[]> {
  const filler = await startFiller(bench)
  const runs = bench.quick ? 600 : 2_400
  const rateOf = (workers: number) => () =>
    bench.scope(async () => {
      const flags = [`--kubeconfig=${standIn.kubeconfig}`]
      await Promise.all(Array.from({ length: workers }, () => bench.start('worker', { flags })))
      // Warm up the new processes.
      await dispatch(bench, filler, runs / 2)
      const { done, seconds } = await dispatch(bench, filler, runs)
      await standIn.reset()
      return done / seconds
    })
  const measured = await interleave(bench.quick ? 1 : 3, { one: rateOf(1), two: rateOf(2), four: rateOf(4) })
  return [
    compared('scale.workers.1', 'Jobs/s', measured.one, measured.one),
    compared('scale.workers.2', 'Jobs/s', measured.two, measured.one),
    compared('scale.workers.4', 'Jobs/s', measured.four, measured.one),
  ]
}
