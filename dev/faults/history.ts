import type { JobState, Run } from '@opifer/core'
import type { SentAlert } from './alerts.ts'

/** What happened while a schedule was played, as far as the promise is concerned. Times are milliseconds since the epoch. */
export interface History {
  /** Every alert that was sent, acknowledged or not. */
  sent: SentAlert[]
  acknowledged: Acknowledged[]
  /** Answers that must never be given: a valid webhook rejected, garbage accepted. */
  wrongAnswers: string[]
  /** In order, as the cluster itself changed them: how each Job really went. */
  jobs: JobEvent[]
  /** UIDs of Jobs that a fault deleted, not their time to live. */
  deletedByHand: string[]
  /** In the order in which Redis executed them. */
  queue: QueueEvent[]
  /** Every run that was ever in the queue, in its final state. */
  runs: RunRecord[]
  /** Redis keys without an expiry that no queue always keeps. */
  leftovers: string[]
  /** Whether the wall clock of a process was set forward or back. */
  clockStepped: boolean
  /** Processes that exited on their own. */
  crashes: string[]
}

/** An alert of a webhook that was answered 2xx. */
export interface Acknowledged {
  alert: SentAlert
  /** @see alertKeyOf */
  alertKey: string
  /** Undefined when the connection broke in the middle of the answer's body. */
  receipt: Receipt | undefined
}

export interface Receipt {
  result: 'enqueued' | 'deduplicated' | 'cooldown'
  runId: string
}

export interface JobEvent {
  at: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  uid: string
  name: string
  /** The run that created it. */
  runId: string
  state: JobState['state']
}

export interface QueueEvent {
  at: number
  /** A BullMQ event: `added`, `active`, `delayed`, `completed`, `failed` and others. */
  type: string
  runId: string
}

export interface RunRecord {
  id: string
  /** A BullMQ state; `unknown` when the queue has no such run. */
  state: string
  /** Undefined when the queue has no such run. */
  run: Run | undefined
  /** What BullMQ keeps of the last attempt. */
  lastAttempt?: string
}
