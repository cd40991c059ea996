import type { JobSettings, OperarioManifest } from '@opifer/core'
import type { RedisClient } from '@opifer/platform/redis'
import { z } from 'zod'
import { json } from './json.ts'
import { historyBase } from './keys.ts'

/** A ConfigMap as the workers know it. */
export type CatalogueEntry = z.output<typeof entrySchema>

const entrySchema = z.object({
  /** `namespace/name`. */
  configMap: z.string(),
  resourceVersion: z.string(),
  disabled: z.boolean(),
  operarios: z.array(
    z.object({
      key: z.string(),
      /** What is wrong with it, for its author. */
      problem: z.string().optional(),
      manifestHash: z.string().optional(),
      cooldownMs: z.number().optional(),
    }),
  ),
})

/** All that a run's Job was made of, beside the run itself and the name of its Operario. */
export interface StoredManifest {
  manifest: OperarioManifest
  settings: JobSettings
}

const podSchema = z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })) })

const shapeSchema = z.object({
  manifest: z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: podSchema }) }) }),
  settings: z.object({ namespace: z.string(), ttlSeconds: z.number(), labels: z.record(z.string(), z.string()) }),
})

/** Of the manifest no more than what its readers count on: a worker has checked it before it was kept. */
const storedSchema = z.custom<StoredManifest>((value) => shapeSchema.safeParse(value).success)

/** The Operarios that there are, and the manifests that there were. */
export interface Catalogue {
  replaceAll(entries: readonly CatalogueEntry[]): Promise<void>
  keepManifest(hash: string, stored: StoredManifest): Promise<void>
  list(): Promise<CatalogueEntry[]>
  manifest(hash: string): Promise<StoredManifest | undefined>
}

/** A manifest is told anew only from time to time, and outlives the runs that were made of it. */
const DAY_MS = 24 * 3_600_000

/** @param maxAge milliseconds that runs are kept */
export function createCatalogue(redis: RedisClient, prefix: string, maxAge: number): Catalogue {
  const base = historyBase(prefix)
  const catalogue = `${base}operarios`
  const manifestKey = (hash: string) => `${base}manifest:${hash}`
  return {
    async replaceAll(entries) {
      const fields = entries.flatMap((entry) => [entry.configMap, JSON.stringify(entry)])
      const change = redis.multi().del(catalogue)
      if (fields.length > 0) change.hset(catalogue, ...fields).pexpire(catalogue, maxAge)
      for (const [error] of (await change.exec()) ?? []) if (error) throw error
    },
    async keepManifest(hash, stored) {
      await redis.set(manifestKey(hash), JSON.stringify(stored), 'PX', maxAge + DAY_MS)
    },
    async list() {
      const entries = Object.values(await redis.hgetall(catalogue))
      const known = entries.flatMap((text) => json.pipe(entrySchema).safeParse(text).data ?? [])
      return known.sort((one, other) => (one.configMap < other.configMap ? -1 : 1))
    },
    async manifest(hash) {
      const text = await redis.get(manifestKey(hash))
      return json.pipe(storedSchema).safeParse(text).data
    },
  }
}
