import type { DepthLog, HistoryReader, Presence, PublishedOperarios } from '@opifer/history'
import type { RunFlags } from '@opifer/queue'
import type { Queue } from 'bullmq'

/** What the pages and the API read from and act through. */
export interface DashboardDeps {
  queue: Queue
  history: HistoryReader
  catalogue: PublishedOperarios
  presence: Presence
  depth: DepthLog
  flags: RunFlags
  /** Called once for every action a caller requests, whatever its result. */
  onAction: (action: Action) => void
  now: () => number
  newId: () => string
}

/** A request to act on a run, and its result. */
export interface Action {
  action: 'retry' | 'cancel'
  runId: string
  by: string
  result: string
}
