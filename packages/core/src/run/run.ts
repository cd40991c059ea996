import { z } from 'zod'
import { alertSchema, invalidAlertSchema } from '../alert/alert.ts'
import { resultSchema } from './outcome.ts'

/** Opifer's handling of one firing, or of one resolve, as the queue holds it. Times are milliseconds since the epoch. */
export type Run = z.output<typeof runSchema>

/** The Operario that a run uses, and the version of its ConfigMap. */
export type OperarioRef = z.output<typeof operarioRefSchema>

/** The Kubernetes Job of a run. */
export type JobRef = z.output<typeof jobRefSchema>

const operarioRefSchema = z.object({
  configMap: z.string(),
  key: z.string(),
  resourceVersion: z.string(),
  manifestHash: z.string().optional(),
  /** The Operario's own cooldown in milliseconds, if it sets one. */
  cooldownMs: z.number().optional(),
})

const jobRefSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  /** The Job's own `creationTimestamp`. */
  createdAt: z.number(),
  /** The Job existed already: an earlier attempt or another run of the same alert created it. */
  adopted: z.boolean().optional(),
})

/** What ingest writes and workers parse, perhaps in another version of Opifer. */
export const runSchema = z.object({
  id: z.string().min(1),
  dedupId: z.string().min(1),
  /** Runs of older versions have none: `alertKeyOf`. */
  alertKey: z.string().min(1).optional(),
  receiver: z.string(),
  groupKey: z.string(),
  receivedAt: z.number(),
  alert: z.union([alertSchema, invalidAlertSchema]),
  /** The run that an operator retried with this one. */
  retryOf: z.string().optional(),
  /** The operator who asked for the retry. */
  requestedBy: z.string().optional(),
  operario: operarioRefSchema.optional(),
  /** Set once the Job exists: from then on the run only follows it. */
  job: jobRefSchema.optional(),
  /** Set once the outcome is known: from then on the run only leaves the queue. */
  result: resultSchema.optional(),
})
