import type { Catalogue, DepthLog, HistoryReader, Presence } from '@opifer/history'
import type { Marks, RedisClient } from '@opifer/platform'
import type { Queue } from 'bullmq'
import type { LiveHub } from './live/hub.ts'

/** What pages and API are made from. */
export interface DashboardDeps {
  redis: RedisClient
  queue: Queue
  history: HistoryReader
  catalogue: Catalogue
  presence: Presence
  depth: DepthLog
  marks: Marks
  live: LiveHub
  now: () => number
  newId: () => string
}
