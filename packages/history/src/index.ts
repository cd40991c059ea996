export { type Catalogue, type CatalogueEntry, createCatalogue, type StoredManifest } from './catalogue.ts'
export { operarioName } from './conditions.ts'
export { createDepthLog, type DepthLog, type DepthRange, type DepthSample, SAMPLE_MS } from './depth.ts'
export { type HistoryEvent, subscribeToHistory } from './events.ts'
export { BOUNDS, type Histogram } from './histogram.ts'
export { createPresence, type Member, type Presence, stayPresent } from './presence.ts'
export { type Cursor, formatCursor, parseCursor, type RunPage, type RunQuery } from './query.ts'
export type { PageOptions } from './page.ts'
export { createHistoryReader, type HistoryReader } from './reader.ts'
export type { AttemptError, RunRecord } from './record.ts'
export type { Stats, StatsRange } from './stats.ts'
export {
  createHistoryWriter,
  createRepeatCounter,
  type HistorySettings,
  type HistoryWriter,
} from './writer.ts'
export type { Lock } from './lock.ts'
