import type { History } from '../history.ts'
import type { Violation } from '../violations.ts'

/** Alertmanager never got a wrong answer. */
export function noWrongAnswers({ wrongAnswers }: History): Violation[] {
  return wrongAnswers.map((text) => ({ kind: 'untrue', text }))
}

/** No key stays in Redis forever. */
export function nothingLeftBehind({ leftovers }: History): Violation[] {
  return leftovers.map((key) => ({ kind: 'stuck', text: `${key} is left in Redis without an expiry` }))
}

/** Only the faults that end a process end one. */
export function processesStayUp({ crashes }: History): Violation[] {
  return crashes.map((text) => ({ kind: 'stuck', text }))
}
