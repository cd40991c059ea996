import { lasting } from './format.ts'
import type { ShownRun } from './shown-run.ts'

/**
 * What the alert did after a run, in words: whether it helped.
 *
 * @param later runs of the same alert that came next after it, newest first
 */
export function aftermath({ run, result }: ShownRun, later: readonly ShownRun[]): string | undefined {
  if (run.alert.status !== 'firing' || !result) return undefined
  const next = later.at(-1)
  if (!next) return 'Nothing was heard of this alert since.'
  const apart = next.run.receivedAt - result.finishedAt
  const when = apart >= 0 ? `${lasting(apart)} after this run ended` : 'before this run ended'
  if (next.run.retryOf) return `It was tried again ${when}.`
  return next.run.alert.status === 'resolved' ? `The alert was resolved ${when}.` : `The alert fired again ${when}.`
}
