/**
 * `npm run test:faults`: plays random faults against real processes, and checks that no alert is lost or remediated twice.
 * docs/reliability.md says what is promised and how this checks it.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { runLanes } from './lanes.ts'
import { MUTANT_NAMES, playMutant } from './mutants.ts'
import { BLOWS, measureLoss } from './redis-loss.ts'
import { add, describeFailure, describeTally, emptyTally, isClean } from './tally.ts'

const USAGE = `npm run test:faults -- [options]
  --seeds N          how many schedules to play (default 100)
  --from S           the first one's seed (default 1)
  --lanes L          how many to play side by side (default 2)
  --kubeconfig FILE  plays in the namespace of this cluster, whose Jobs it deletes, in one lane and without faults of the API server
  --json FILE        writes what was counted
  --verbose          prints the event history of every seed, not only of those that fail
  --bail             stops at the first seed that fails
  --mutant NAME      plays against a copy that is broken on purpose, until that is noticed: ${MUTANT_NAMES.join(', ')}
  --redis-loss       measures how much of what was acknowledged is lost with a Redis that is killed or fails over; --rounds N (default 30)
`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    kubeconfig: { type: 'string' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    'redis-loss': { type: 'boolean', default: false },
    rounds: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
})

// At its exit, and only there, whatever it has started is ended too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (values.help) console.log(USAGE)
else if (values['redis-loss']) await measureLosses()
else if (values.mutant !== undefined) await catchMutant(values.mutant)
else await playSeeds()

async function playSeeds(): Promise<void> {
  const from = Number(values.from)
  const count = Number(values.seeds ?? 100)
  let tally = emptyTally()
  await runLanes({
    seeds: Array.from({ length: count }, (_, index) => from + index),
    // Lanes in one namespace would see each other's Jobs.
    lanes: values.kubeconfig === undefined ? Math.min(Number(values.lanes), count) : 1,
    kubeconfig: values.kubeconfig,
    goesOn: () => !values.bail || isClean(tally),
    onResult(result) {
      tally = add(tally, result)
      if (result.violations.length > 0) console.log(describeFailure(result))
      else if (values.verbose) console.log(`seed ${result.seed}, ${result.took} ms:\n${result.timeline()}`)
      if (tally.seeds % 10 === 0) {
        const seconds = Math.round(performance.now() / 1_000)
        console.log(`${tally.seeds} of ${count} seeds, ${seconds} s: ${describeTally(tally)}`)
      }
    },
  })
  console.log(describeTally(tally))
  if (values.json) await writeFile(values.json, `${JSON.stringify(tally)}\n`)
  process.exitCode = isClean(tally) ? 0 : 1
}

/** Here it is the failing seed that is wanted. */
async function catchMutant(name: string): Promise<void> {
  const tally = await playMutant(name, { from: Number(values.from), count: Number(values.seeds ?? 50) })
  const isCaught = !isClean(tally)
  console.log(`${name} was ${isCaught ? 'caught' : 'NOT caught'} within ${tally.seeds} seeds: ${describeTally(tally)}`)
  if (values.json) await writeFile(values.json, `${JSON.stringify(tally)}\n`)
  process.exitCode = isCaught ? 0 : 1
}

async function measureLosses(): Promise<void> {
  for (const blow of BLOWS) {
    const { rounds, acknowledged, lost } = await measureLoss(blow, Number(values.rounds), Number(values.from))
    console.log(`${blow}, ${rounds} times: ${lost} of ${acknowledged} acknowledged alerts lost`)
  }
}
