/**
 * `npm run test:faults`: plays random faults against real processes, and checks that no alert is lost and none is
 * remediated twice. docs/reliability.md says what is promised and how this checks it.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { describeAction, type Schedule } from './actions.ts'
import { findMutant, MUTANTS, type Mutant, playMutant } from './mutants.ts'
import type { PlayResult } from './play.ts'
import { Player } from './player.ts'
import { measureLoss, REDIS_FAILURES } from './redis-loss.ts'
import { scheduleOf, schedules, takeoverSchedules } from './schedule.ts'
import { playSeeds, seedRange } from './shards.ts'
import { shrink } from './shrink.ts'
import { add, describeFailure, describeTally, describeViolations, emptyTally, isClean, type Tally } from './tally.ts'
import type { ViolationKind } from './violations.ts'

const USAGE = `npm run test:faults -- [options]
  --seeds N          number of schedules (default 100)
  --from S           first seed (default 1)
  --seed S           one seed only
  --path P           with --seed: the smaller schedule that --shrink has reported
  --shrink           with --seed: replays smaller schedules until the smallest that fails is found
  --tries N          with --shrink: maximum number of schedules (default 60)
  --minutes N        with --shrink: maximum time (default 15)
  --takeovers        schedules in which frozen workers lose their runs in the middle of creates
  --shards N         number of environments at once (default 2)
  --kubeconfig FILE  existing cluster, in whose namespace Jobs are created and deleted; one shard, no faults of the API server
  --json FILE        file for the totals
  --verbose          event log of every seed, not only of those that fail
  --bail             stop at the first seed that fails
  --until KIND       stop at the first violation of this kind: lost, doubled, stuck, untrue
  --mutant NAME      deliberately broken copy of the product, played until a seed fails: ${MUTANTS.map(({ name }) => name).join(', ')}
  --mutants          every mutant, each with its own seeds
  --redis-loss       how many acknowledged alerts a failing Redis loses
  --rounds N         with --redis-loss: number of failures of each kind (default 30)
`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    tries: { type: 'string', default: '60' },
    minutes: { type: 'string', default: '15' },
    takeovers: { type: 'boolean', default: false },
    shards: { type: 'string', default: '2' },
    kubeconfig: { type: 'string' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
    until: { type: 'string' },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    'redis-loss': { type: 'boolean', default: false },
    rounds: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
})

const from = values.takeovers ? takeoverSchedules : schedules

// Everything it has started is ended when it exits, and only then.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (values.help) console.log(USAGE)
else if (values['redis-loss']) await measureLosses()
else if (values.mutants) process.exitCode = (await catchMutants(MUTANTS)) ? 0 : 1
else if (values.mutant !== undefined) process.exitCode = (await catchMutants([findMutant(values.mutant)])) ? 0 : 1
else if (values.shrink) await shrinkSeed(oneSeed('--shrink'))
else if (values.path !== undefined) await playPath(oneSeed('--path'), values.path)
else await playRange()

function oneSeed(option: string): number {
  if (values.seed === undefined) throw new Error(`${option} needs --seed`)
  return Number(values.seed)
}

async function playRange(): Promise<void> {
  const seeds =
    values.seed === undefined ? seedRange(Number(values.from ?? 1), Number(values.seeds ?? 100)) : [oneSeed('')]
  let tally = emptyTally()
  await playSeeds({
    seeds,
    from,
    // Shards in one namespace would see each other's Jobs.
    shards: values.kubeconfig === undefined ? Math.min(Number(values.shards), seeds.length) : 1,
    kubeconfig: values.kubeconfig,
    goOn: () => !mayStop(tally),
    onResult(result) {
      tally = add(tally, result)
      if (result.violations.length > 0) console.log(describeFailure(result))
      else if (values.verbose) console.log(`seed ${result.seed}, ${result.took} ms:\n${result.eventLog()}`)
      if (tally.seeds % 10 === 0) {
        const seconds = Math.round(performance.now() / 1_000)
        console.log(`${tally.seeds} of ${seeds.length} seeds, ${seconds} s: ${describeTally(tally)}`)
      }
    },
  })
  await report(tally)
}

function mayStop(tally: Tally): boolean {
  return (values.bail && !isClean(tally)) || (values.until !== undefined && tally[values.until as ViolationKind] > 0)
}

async function playPath(seed: number, path: string): Promise<void> {
  await using player = new Player({ kubeconfig: values.kubeconfig })
  const schedule = scheduleOf(seed, path, from)
  const result = await player.play(schedule)
  console.log([describeSchedule(schedule), ...describeViolations(result), result.eventLog()].join('\n'))
  await report(add(emptyTally(), result))
}

async function report(tally: Tally): Promise<void> {
  console.log(describeTally(tally))
  if (values.json) await writeFile(values.json, `${JSON.stringify(tally)}\n`)
  process.exitCode = isClean(tally) ? 0 : 1
}

async function shrinkSeed(seed: number): Promise<void> {
  await using player = new Player({ kubeconfig: values.kubeconfig })
  let failure: PlayResult | undefined
  let tries = 0
  const shrunk = await shrink(
    seed,
    async (schedule) => {
      const result = await player.play(schedule)
      const hasFailed = result.violations.length > 0
      if (hasFailed) failure = result
      console.log(`try ${++tries}: ${schedule.steps.length} steps ${hasFailed ? 'fail' : 'pass'}`)
      return hasFailed
    },
    { tries: Number(values.tries), time: Number(values.minutes) * 60_000 },
    from,
  )
  process.exitCode = shrunk ? 1 : 0
  if (!shrunk || !failure) {
    console.log(`seed ${seed} did not fail`)
    return
  }
  const end = shrunk.isSmallest ? 'nothing smaller fails' : 'a limit was reached'
  console.log(
    [
      `seed ${seed} fails with ${shrunk.schedule.steps.length} steps, found in ${shrunk.tries} tries; ${end}:`,
      describeSchedule(shrunk.schedule),
      ...describeViolations(failure),
      `  replay: npm run test:faults -- --seed ${seed} --path ${shrunk.path}`,
      failure.eventLog(),
    ].join('\n'),
  )
}

function describeSchedule({ steps, healAt, unaided }: Schedule): string {
  return [
    ...steps.map(({ at, action }) => `  at ${at} ms: ${describeAction(action)}`),
    `  at ${healAt} ms: everything is healed${unaided ? ', unaided' : ''}`,
  ].join('\n')
}

/** Plays each mutant; returns whether all were caught. */
async function catchMutants(mutants: readonly Mutant[]): Promise<boolean> {
  const missed: string[] = []
  for (const mutant of mutants) {
    const seeds = {
      from: Number(values.from ?? mutant.seeds.from),
      count: Number(values.seeds ?? mutant.seeds.count),
    }
    const { isCaught, tally, output } = await playMutant(mutant, seeds)
    if (values.verbose || !isCaught) console.log(output)
    const verdict = isCaught ? 'caught' : 'NOT caught'
    console.log(
      `${mutant.name} was ${verdict} as ${mutant.violation} within ${tally.seeds} seeds: ${describeTally(tally)}`,
    )
    if (!isCaught) missed.push(mutant.name)
  }
  console.log(`${mutants.length - missed.length} of ${mutants.length} mutants caught`)
  return missed.length === 0
}

async function measureLosses(): Promise<void> {
  for (const failure of REDIS_FAILURES) {
    const { rounds, acknowledged, lost } = await measureLoss(failure, Number(values.rounds), Number(values.from ?? 1))
    console.log(`${failure}, ${rounds} times: ${lost} of ${acknowledged} acknowledged alerts lost`)
  }
}
