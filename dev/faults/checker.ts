import { honestOutcomes } from './rules/outcomes.ts'
import { oneJobPerRun, oneUnfinishedJobAtATime, everyJobHasItsRun } from './rules/jobs.ts'
import { everyAlertIsKept } from './rules/kept.ts'
import { nothingLeft, onlyRightAnswers, processesLive } from './rules/leavings.ts'
import { noRunStuck, oneRunInFlight } from './rules/runs.ts'
import type { History } from './history.ts'

/** What a broken promise costs: an alert, a second Job, a run that never ends, or the truth. */
export type Breach = 'lost' | 'doubled' | 'stuck' | 'untrue'

export interface Violation {
  breach: Breach
  text: string
}

/** Whether a history is one that the promise allows. */
export type Rule = (history: History) => Violation[]

/** Everything in a history that breaks the promise of docs/reliability.md. Pure. */
export function check(history: History): Violation[] {
  return RULES.flatMap((rule) => rule(history))
}

const RULES: readonly Rule[] = [
  everyAlertIsKept,
  oneJobPerRun,
  oneUnfinishedJobAtATime,
  everyJobHasItsRun,
  oneRunInFlight,
  noRunStuck,
  honestOutcomes,
  onlyRightAnswers,
  nothingLeft,
  processesLive,
]
