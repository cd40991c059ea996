import { z } from 'zod'
import { alertSchema, invalidAlertSchema } from '../alert/alert.ts'
import { resultSchema } from './outcome.ts'

/** One attempt to remediate one alert, as it stands in the queue. Times are milliseconds since the epoch. */
export type Run = z.output<typeof runSchema>

/** The Operario that a run was given, and in which state of its ConfigMap. */
export type OperarioRef = z.output<typeof operarioRefSchema>

/** The Kubernetes Job of a run. */
export type JobRef = z.output<typeof jobRefSchema>

const operarioRefSchema = z.object({
  configMap: z.string(),
  key: z.string(),
  resourceVersion: z.string(),
  manifestHash: z.string().optional(),
  /** How long the same alert stays quiet after the run, where the Operario says so itself. */
  cooldownMs: z.number().optional(),
})

const jobRefSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  createdAt: z.number(),
  /** Found to be there already, made by an earlier turn or for another run of the same episode. */
  adopted: z.boolean().optional(),
})

/** The border between ingest and worker: what one wrote the other parses, perhaps in another version of Opifer. */
export const runSchema = z.object({
  id: z.string().min(1),
  dedupId: z.string().min(1),
  receiver: z.string(),
  groupKey: z.string(),
  receivedAt: z.number(),
  alert: z.union([alertSchema, invalidAlertSchema]),
  /** The run that somebody asked to be tried again. */
  retryOf: z.string().optional(),
  /** Who asked for it. */
  requestedBy: z.string().optional(),
  operario: operarioRefSchema.optional(),
  /** Set once the Job exists: from then on the run is only followed. */
  job: jobRefSchema.optional(),
  /** Set once the end is known: from then on the run is only closed. */
  result: resultSchema.optional(),
})
