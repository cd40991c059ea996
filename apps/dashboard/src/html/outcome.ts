import type { Outcome } from '@opifer/core'
import { type Html, html } from './html.ts'
import { icon } from './elements.ts'

/** How a run stands: its outcome, or that it is not over. */
export type RunState = Outcome | 'running' | 'waiting'

/** What each means, in the words of the architecture's table. */
export const MEANING: Readonly<Record<RunState, string>> = {
  succeeded: 'the Job completed',
  failed: 'the Job failed',
  unmatched: 'there is no Operario for the alert',
  disabled: 'the ConfigMap is labelled as disabled',
  superseded: 'the alert resolved before its Job was created, or another run had just dealt with it',
  expired: 'the alert was too old to act upon before its Job could be created',
  invalid: 'the alert, the Operario or the Job made of them can never work',
  lost: 'the Job was gone before its end was seen',
  cancelled: 'somebody cancelled it',
  running: 'not over yet',
  waiting: 'in the queue, until a worker takes it up',
}

/** Runs that somebody should look at. */
export const BAD: ReadonlySet<RunState> = new Set<RunState>(['failed', 'invalid', 'lost', 'expired'])

/** From what went well to what says nothing: the order in plots and legends. */
export const OUTCOME_ORDER: readonly Outcome[] = [
  'succeeded',
  'failed',
  'invalid',
  'lost',
  'expired',
  'cancelled',
  'superseded',
  'unmatched',
  'disabled',
]

/** A word in its colour behind its sign, so that none of the three is needed alone. */
export function outcome(state: RunState, badge = false): Html {
  return html`<span class="outcome o-${state} ${badge ? 'badge' : ''}" title="${MEANING[state]}">${icon(state)} ${state}</span>`
}
