import { type JobRef, type JobTimes, type OperarioRef, type Result, type Run, runSchema } from '@opifer/core'
import { z } from 'zod'
import { json } from './json.ts'

/** What the history keeps of a run. Times are milliseconds since the epoch. */
export interface RunRecord {
  id: string
  run: Pick<Run, 'dedupId' | 'alertKey' | 'receiver' | 'groupKey' | 'receivedAt' | 'alert' | 'retryOf' | 'requestedBy'>
  /** When a worker began the first attempt. */
  startedAt: number
  operario?: OperarioRef | undefined
  job?: JobRef | undefined
  /** From the Job's status. */
  jobTimes?: JobTimes | undefined
  /** Failed attempts; `errors` holds the last of them, oldest first. */
  attempts: number
  errors: AttemptError[]
  /** Alerts that joined this run, or were suppressed by its cooldown. */
  repeats: number
  repeatedAt?: number | undefined
  /** Set once the run has ended. */
  result?: Result | undefined
}

export interface AttemptError {
  at: number
  message: string
}

/** The fields of a record's hash that readers use. */
export const RECORD_FIELDS = [
  'run',
  'startedAt',
  'operario',
  'job',
  'jobTimes',
  'attempts',
  'errors',
  'repeats',
  'repeatedAt',
  'result',
] as const

/**
 * Parses the values of `RECORD_FIELDS`. Undefined if there is no record, no worker has begun the run, or another version
 * of Opifer wrote it in a way this one doesn't understand.
 */
export function parseRecord(id: string, values: readonly (string | null)[]): RunRecord | undefined {
  const fields = Object.fromEntries(RECORD_FIELDS.map((name, index) => [name, values[index] ?? undefined]))
  return recordSchema.safeParse({ id, ...fields }).data
}

/** Adds what only the queue knows until the run ends. */
export function overlayQueued(record: RunRecord, data: string | null): RunRecord {
  const queued = queuedSchema.safeParse(data).data
  return { ...record, operario: record.operario ?? queued?.operario, job: record.job ?? queued?.job }
}

const { operario, job, result, dedupId, alertKey, receiver, groupKey, receivedAt, alert, retryOf, requestedBy } =
  runSchema.shape

const number = z.coerce.number()

const recordSchema = z.object({
  id: z.string(),
  run: json.pipe(z.object({ dedupId, alertKey, receiver, groupKey, receivedAt, alert, retryOf, requestedBy })),
  startedAt: number,
  operario: json.pipe(operario.unwrap()).optional(),
  job: json.pipe(job.unwrap()).optional(),
  jobTimes: json.pipe(z.object({ startedAt: z.number().optional(), endedAt: z.number().optional() })).optional(),
  attempts: number.default(0),
  errors: json.pipe(z.array(z.object({ at: z.number(), message: z.string() }))).default([]),
  repeats: number.default(0),
  repeatedAt: number.optional(),
  result: json.pipe(result.unwrap()).optional(),
}) satisfies z.ZodType<RunRecord>

const queuedSchema = json.pipe(z.object({ operario, job }))
