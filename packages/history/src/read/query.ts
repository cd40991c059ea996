import type { Matcher, Outcome } from '@opifer/core'
import type { RunRecord } from '../record.ts'

/** A filter over runs. A run must match every part that is set. */
export interface RunQuery {
  /** Any of these; `running` matches runs without an outcome. */
  outcomes?: readonly (Outcome | 'running')[] | undefined
  alertname?: string | undefined
  status?: 'firing' | 'resolved' | undefined
  /** On the alert's labels; `parseMatchers` of core reads them. */
  matchers?: readonly Matcher[] | undefined
  /** A case-insensitive substring of the alertname, a label, an annotation, the group key, the reason, the Job's name or the run id. */
  text?: string | undefined
  /** When ingest received the alert, in milliseconds since the epoch, inclusive. */
  from?: number | undefined
  /** When ingest received the alert, in milliseconds since the epoch, exclusive. */
  to?: number | undefined
  groupKey?: string | undefined
  /** `namespace/configmap/key`. */
  operario?: string | undefined
  /** `alertId` of core: the runs of one alert over time. */
  alertId?: string | undefined
}

export interface RunPage {
  /** Newest first. */
  runs: RunRecord[]
  /** Where the next page begins, for `parseCursor`; undefined on the last page. */
  next: string | undefined
  /** False if the search stopped because the page reached its budget of runs to test. */
  complete: boolean
}

/** A position in an index: that of a run, which may no longer be in it. */
export interface Cursor {
  /** Milliseconds since the epoch. */
  receivedAt: number
  runId: string
}

/** Undefined unless `formatCursor` made the text. */
export function parseCursor(text: string): Cursor | undefined {
  const [, receivedAt = '', runId = ''] = /^(\d{1,16})~([\w.-]{1,128})$/.exec(text) ?? []
  return runId ? { receivedAt: Number(receivedAt), runId } : undefined
}

export function formatCursor({ receivedAt, runId }: Cursor): string {
  return `${receivedAt}~${runId}`
}
