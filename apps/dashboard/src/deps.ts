import type { DepthLog, HistoryReader, Presence, PublishedOperarios } from '@opifer/history'
import type { Marks } from '@opifer/queue'
import type { RedisClient } from '@opifer/platform/redis'
import type { Queue } from 'bullmq'
import type { LiveHub } from './live/hub.ts'

/** What pages and API are made from. */
export interface DashboardDeps {
  redis: RedisClient
  queue: Queue
  history: HistoryReader
  catalogue: PublishedOperarios
  presence: Presence
  depth: DepthLog
  marks: Marks
  live: LiveHub
  /** Told of everything that somebody asked for. */
  onAction: (action: Action) => void
  now: () => number
  newId: () => string
}

/** What somebody asked for, and what came of it. */
export interface Action {
  action: 'retry' | 'cancel'
  runId: string
  by: string
  result: string
}
