import type { Violation } from '../checker.ts'
import type { History } from '../history.ts'

/** Alertmanager was never told a wrong thing. */
export function onlyRightAnswers({ wrongAnswers }: History): Violation[] {
  return wrongAnswers.map((text) => ({ breach: 'untrue', text }))
}

/** No key stays in Redis for ever. */
export function nothingLeft({ leftovers }: History): Violation[] {
  return leftovers.map((key) => ({ breach: 'stuck', text: `${key} is left in Redis without an expiry` }))
}

/** No fault ends a process but the one that does just that. */
export function processesLive({ crashes }: History): Violation[] {
  return crashes.map((text) => ({ breach: 'stuck', text }))
}
