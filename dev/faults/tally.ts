import type { PlayResult } from './play.ts'
import type { SeedResult } from './shards.ts'
import type { ViolationKind } from './violations.ts'

/** What `--json` writes. */
export interface Tally {
  seeds: number
  acknowledged: number
  jobs: number
  recorded: number
  lost: number
  doubled: number
  stuck: number
  /** False outcomes and answers. */
  untrue: number
}

export function emptyTally(): Tally {
  return { seeds: 0, acknowledged: 0, jobs: 0, recorded: 0, lost: 0, doubled: 0, stuck: 0, untrue: 0 }
}

export function add(tally: Tally, result: PlayResult): Tally {
  const count = (kind: ViolationKind) => result.violations.filter((violation) => violation.kind === kind).length
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

/** A failed seed: its violations, the commands that replay and shrink it, and its event log. */
export function describeFailure({ seed, ...result }: SeedResult): string {
  return [
    `seed ${seed} failed:`,
    ...describeViolations(result),
    `  replay: npm run test:faults -- --seed ${seed} --verbose`,
    `  shrink: npm run test:faults -- --seed ${seed} --shrink`,
    result.eventLog(),
  ].join('\n')
}

export function describeViolations({ violations }: PlayResult): string[] {
  return violations.map(({ kind, text }) => `  ${kind}: ${text}`)
}
