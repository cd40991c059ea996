export { type Change, type ChangeKind, createChangePublisher, subscribeToChanges } from './changes.ts'
export { createDepthLog, type DepthLog, type DepthRange, type DepthSample, SAMPLE_MS } from './depth.ts'
export { operarioName } from './indexes.ts'
export { historyBase } from './keys.ts'
export {
  createPublishedOperarios,
  type PublishedConfigMap,
  type PublishedOperarios,
  type StoredManifest,
} from './operarios.ts'
export { createPresence, type Heartbeat, type Member, type Presence, startHeartbeat } from './presence.ts'
export type { PageOptions } from './read/page.ts'
export { type Cursor, formatCursor, parseCursor, type RunPage, type RunQuery } from './read/query.ts'
export { createHistoryReader, type HistoryReader } from './read/reader.ts'
export type { AttemptError, RunRecord } from './record.ts'
export { BOUNDS, type Histogram, type Stats, type StatsRange } from './stats.ts'
export {
  createHistoryEncoder,
  type HistoryArguments,
  type HistoryEncoder,
  type HistorySettings,
} from './write/encoder.ts'
export { HISTORY_LUA } from './write/lua.ts'
export { createHistoryWriter, createRepeatCounter, type HistoryWriter } from './write/writer.ts'
