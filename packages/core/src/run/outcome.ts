import { z } from 'zod'

/** How a run can end. */
export const OUTCOMES = [
  /** The Job completed: every container ended with 0. */
  'succeeded',
  /** The Job failed by its own count of retries, deadline or policy. */
  'failed',
  /** No Operario is there for this alert. */
  'unmatched',
  /** The Operario's ConfigMap is labelled as disabled. */
  'disabled',
  /** The alert resolved before its Job was created, or another run had just dealt with it. */
  'superseded',
  /** The Job could not be created before the alert was too old to act upon. */
  'expired',
  /** The alert, the Operario or the Job made of them can never work. */
  'invalid',
  /** The Job was gone before its end was seen. */
  'lost',
  /** Somebody asked for its end; a Job that it had was deleted. */
  'cancelled',
] as const

export type Outcome = (typeof OUTCOMES)[number]

/** The end of a run: the outcome with what a person needs to understand it. */
export type Result = z.output<typeof resultSchema>

/** How one container of a Job's pod ended. */
export type ContainerExit = z.output<typeof containerExitSchema>

/** Whether the run counts as done; the others are failed BullMQ jobs, which somebody should look at. */
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
  /** The last lines that the failed pod wrote. */
  log: z.string().optional(),
  /** Milliseconds since the epoch. */
  finishedAt: z.number(),
})
