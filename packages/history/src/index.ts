export type { Matcher, RunPage, RunQuery } from './query.ts'
export type { AttemptError, RunRecord } from './record.ts'
