import type { Outcome } from '@opifer/core'
import type { RunRecord } from './record.ts'

/** Which runs are asked for; every part narrows it further. */
export interface RunQuery {
  /** Any of these. */
  outcomes?: readonly Outcome[]
  /** Only runs that are not over. */
  open?: boolean
  alertname?: string
  /** As Alertmanager writes them: `severity="critical",instance=~"web.*"`. */
  matchers?: readonly Matcher[]
  /** Anywhere in the record, whatever the case. */
  text?: string
  /** Milliseconds since the epoch, by when ingest received the alert; `from` is included, `to` is not. */
  from?: number
  to?: number
  groupKey?: string
  /** `namespace/configmap/key`. */
  operario?: string
  /** `alertId` of core: the runs of one alert over time. */
  alertId?: string
}

/** One condition on a label; a label that is not there counts as empty. Regular expressions are anchored, as in Alertmanager. */
export interface Matcher {
  name: string
  op: '=' | '!=' | '=~' | '!~'
  value: string
}

export interface RunPage {
  /** Newest first. */
  runs: RunRecord[]
  /** Where the next page begins; undefined at the end. */
  next: string | undefined
  /** False when the search stopped for having looked at as many runs as one page may cost. */
  complete: boolean
}
