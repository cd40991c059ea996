import type { Breach } from './checker.ts'
import type { SeedResult } from './run-seed.ts'

/** What `--json` writes. */
export interface Tally {
  seeds: number
  acknowledged: number
  jobs: number
  recorded: number
  lost: number
  doubled: number
  stuck: number
  /** Outcomes and answers that were not true. */
  untrue: number
}

export function emptyTally(): Tally {
  return { seeds: 0, acknowledged: 0, jobs: 0, recorded: 0, lost: 0, doubled: 0, stuck: 0, untrue: 0 }
}

export function add(tally: Tally, result: SeedResult): Tally {
  const count = (breach: Breach) => result.violations.filter((violation) => violation.breach === breach).length
  return {
    seeds: tally.seeds + 1,
    acknowledged: tally.acknowledged + result.acknowledged,
    jobs: tally.jobs + result.jobs,
    recorded: tally.recorded + result.recorded,
    lost: tally.lost + count('lost'),
    doubled: tally.doubled + count('doubled'),
    stuck: tally.stuck + count('stuck'),
    untrue: tally.untrue + count('untrue'),
  }
}

export function isClean({ lost, doubled, stuck, untrue }: Tally): boolean {
  return lost + doubled + stuck + untrue === 0
}

export function describeTally(tally: Tally): string {
  return Object.entries(tally)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}

/** A seed that failed: what it broke, how it is played again, and what happened. */
export function describeFailure({ seed, violations, timeline }: SeedResult): string {
  return [
    `seed ${seed} failed:`,
    ...violations.map(({ breach, text }) => `  ${breach}: ${text}`),
    `  play it again: npm run test:faults -- --from ${seed} --seeds 1 --verbose`,
    timeline(),
  ].join('\n')
}
