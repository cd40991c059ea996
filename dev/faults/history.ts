import type { JobState, Run } from '@opifer/core'
import type { SentAlert } from './alerts.ts'

/** What happened in a fault run, as far as the promise is about it. Times are milliseconds since the epoch. */
export interface History {
  /** Every alert that was sent, acknowledged or not. */
  sent: SentAlert[]
  acknowledged: Acknowledged[]
  /** Answers that must never be given: a webhook refused for good, garbage accepted. */
  wrongAnswers: string[]
  /** In order. */
  jobs: JobEvent[]
  /** Uids of Jobs that were deleted as a fault, not by their time to live. */
  deletedByHand: string[]
  /** In the order in which Redis carried them out. */
  queue: QueueEvent[]
  /** Every run that was ever in the queue, as it stood in the end. */
  runs: RunRecord[]
  /** Keys in Redis that have no expiry and are not among those that a queue always keeps. */
  leftovers: string[]
  /** Whether the wall clock of a process was set forward or back. */
  clockStepped: boolean
  /** Processes that ended without being told to. */
  crashes: string[]
}

/** An alert of a webhook that was answered 2xx. */
export interface Acknowledged {
  alert: SentAlert
  dedupId: string
  /** As ingest told; undefined when the connection broke in the middle of the answer's body. */
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
  runId: string
  dedupId: string
  state: JobState['state']
}

export interface QueueEvent {
  at: number
  /** In BullMQ's words: `added`, `active`, `delayed`, `completed`, `failed` and others. */
  type: string
  runId: string
}

export interface RunRecord {
  id: string
  /** In BullMQ's words; `unknown` when the queue holds no such run. */
  state: string
  /** Undefined when the queue holds no such run. */
  run: Run | undefined
  /** What BullMQ keeps of the run's last turn. */
  said?: string
}
