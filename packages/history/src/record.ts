import { type JobRef, type JobTimes, type OperarioRef, type Result, type Run, runSchema } from '@opifer/core'
import { z } from 'zod'
import { json } from './json.ts'

/** What is kept of a run for people to look at. Times are milliseconds since the epoch. */
export interface RunRecord {
  id: string
  run: Pick<Run, 'dedupId' | 'receiver' | 'groupKey' | 'receivedAt' | 'alert' | 'retryOf' | 'requestedBy'>
  /** When a worker took it up first. */
  startedAt: number
  operario?: OperarioRef | undefined
  job?: JobRef | undefined
  /** As the Job's own status tells. */
  jobTimes?: JobTimes | undefined
  /** Attempts that failed; `errors` holds the last of them, oldest first. */
  attempts: number
  errors: AttemptError[]
  /** Alerts that came again and joined this run, or were kept quiet by its cooldown. */
  repeats: number
  repeatedAt?: number | undefined
  /** Set once the run is over. */
  result?: Result | undefined
}

export interface AttemptError {
  at: number
  message: string
}

/** The fields of the hash that a record is in Redis. Each is written whole by whoever knows it. */
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

/** The part of a run that goes into its record at the beginning. */
export function recordedRun({ dedupId, receiver, groupKey, receivedAt, alert, retryOf, requestedBy }: Run): string {
  return JSON.stringify({ dedupId, receiver, groupKey, receivedAt, alert, retryOf, requestedBy })
}

/**
 * A record from the values of `RECORD_FIELDS`; undefined where there is none: it is over its age, not begun, or written by
 * a version of Opifer that this one does not understand.
 */
export function readRecord(id: string, values: readonly (string | null)[]): RunRecord | undefined {
  const fields = Object.fromEntries(RECORD_FIELDS.map((name, index) => [name, values[index] ?? undefined]))
  return recordSchema.safeParse({ id, ...fields }).data
}

const { operario, job, result, dedupId, receiver, groupKey, receivedAt, alert, retryOf, requestedBy } = runSchema.shape

const number = z.coerce.number()

const recordSchema = z.object({
  id: z.string(),
  run: json.pipe(z.object({ dedupId, receiver, groupKey, receivedAt, alert, retryOf, requestedBy })),
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
