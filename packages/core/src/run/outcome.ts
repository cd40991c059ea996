import { z } from 'zod'

/** How a run can end. */
export const OUTCOMES = [
  /** The Job completed: every container ended with 0. */
  'succeeded',
  /** The Job failed: back-off limit, deadline or pod failure policy. */
  'failed',
  /** No Operario matches the alert. */
  'unmatched',
  /** The Operario's ConfigMap is labelled as disabled. */
  'disabled',
  /** The alert resolved before its Job was created, or another run has just handled it. */
  'superseded',
  /** No Job could be created before the alert was older than `--maxAge`. */
  'expired',
  /** The alert, the Operario or the Job built from them can never work. */
  'invalid',
  /** The Job disappeared before its result was seen. */
  'lost',
  /** An operator cancelled the run; its Job, if any, was deleted. */
  'cancelled',
] as const

export type Outcome = (typeof OUTCOMES)[number]

/** The outcome of a run, and what a person needs to understand it. */
export type Result = z.output<typeof resultSchema>

/** The exit of one container of a Job's pod. */
export type ContainerExit = z.output<typeof containerExitSchema>

/** Whether the run completes in the queue. The others go to BullMQ's failed set, the dead letters, for an operator to look at. */
export function isDone(outcome: Outcome): boolean {
  return DONE.has(outcome)
}

const DONE: ReadonlySet<Outcome> = new Set(['succeeded', 'unmatched', 'disabled', 'superseded', 'cancelled'])

const containerExitSchema = z.object({
  pod: z.string(),
  container: z.string(),
  exitCode: z.number(),
  reason: z.string().optional(),
})

export const resultSchema = z.object({
  outcome: z.enum(OUTCOMES),
  reason: z.string(),
  exits: z.array(containerExitSchema).optional(),
  /** The last lines of the failed pod's log. */
  log: z.string().optional(),
  /** Milliseconds since the epoch. */
  finishedAt: z.number(),
})
