import type { History } from './history.ts'
import { cooldownsAreKept } from './rules/cooldown.ts'
import { everyJobHasItsRun, oneJobPerRun, oneUnfinishedJobPerAlert } from './rules/jobs.ts'
import { nothingLeftBehind, noWrongAnswers, processesStayUp } from './rules/leftovers.ts'
import { noAlertIsLost } from './rules/no-loss.ts'
import { outcomesAreTrue } from './rules/outcomes.ts'
import { noRunStuck, oneRunInFlight } from './rules/runs.ts'
import type { Rule, Violation } from './violations.ts'

/** Everything in a history that breaks the promise of docs/reliability.md. Pure. */
export function check(history: History): Violation[] {
  return RULES.flatMap((rule) => rule(history))
}

const RULES: readonly Rule[] = [
  noAlertIsLost,
  oneJobPerRun,
  oneUnfinishedJobPerAlert,
  everyJobHasItsRun,
  oneRunInFlight,
  cooldownsAreKept,
  noRunStuck,
  outcomesAreTrue,
  noWrongAnswers,
  nothingLeftBehind,
  processesStayUp,
]
