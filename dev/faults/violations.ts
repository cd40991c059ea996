import type { History } from './history.ts'

/** What a broken promise costs: an alert, a second Job, a run that never ends, or a false record. */
export type ViolationKind = 'lost' | 'doubled' | 'stuck' | 'untrue'

export interface Violation {
  kind: ViolationKind
  text: string
}

/** Finds everything in a history that breaks one promise. Pure. */
export type Rule = (history: History) => Violation[]
