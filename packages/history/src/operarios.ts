import type { JobSettings, OperarioManifest } from '@opifer/core'
import type { RedisClient } from '@opifer/platform/redis'
import { z } from 'zod'
import { json } from './json.ts'
import { historyBase } from './keys.ts'

/** A ConfigMap of Operarios as the workers see it. */
export type PublishedConfigMap = z.output<typeof configMapSchema>

const configMapSchema = z.object({
  /** `namespace/name`. */
  configMap: z.string(),
  resourceVersion: z.string(),
  disabled: z.boolean(),
  operarios: z.array(
    z.object({
      key: z.string(),
      /** Why it is invalid, for its author. */
      problem: z.string().optional(),
      manifestHash: z.string().optional(),
      cooldownMs: z.number().optional(),
    }),
  ),
})

/** What a run's Job was built from, in addition to the run and its Operario's name. */
export interface StoredManifest {
  manifest: OperarioManifest
  settings: JobSettings
}

const podSchema = z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })) })

const shapeSchema = z.object({
  manifest: z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: podSchema }) }) }),
  settings: z.object({ namespace: z.string(), ttlSeconds: z.number(), labels: z.record(z.string(), z.string()) }),
})

/** Checks only the parts readers rely on: a worker validated the manifest before storing it. */
const storedSchema = z.custom<StoredManifest>((value) => shapeSchema.safeParse(value).success)

/** The current Operarios, published by the workers for the dashboard, and the manifests of past ones. */
export interface PublishedOperarios {
  replaceAll(configMaps: readonly PublishedConfigMap[]): Promise<void>
  keepManifest(hash: string, stored: StoredManifest): Promise<void>
  /** Sorted by name. */
  list(): Promise<PublishedConfigMap[]>
  manifest(hash: string): Promise<StoredManifest | undefined>
}

/** Manifests are refreshed only now and then, and must outlive the runs built from them. */
const DAY_MS = 24 * 3_600_000

/** @param maxAge milliseconds for which runs are kept */
export function createPublishedOperarios(redis: RedisClient, prefix: string, maxAge: number): PublishedOperarios {
  const base = historyBase(prefix)
  const key = `${base}operarios`
  const manifestKey = (hash: string) => `${base}manifest:${hash}`
  return {
    async replaceAll(configMaps) {
      const fields = configMaps.flatMap((one) => [one.configMap, JSON.stringify(one)])
      const change = redis.multi().del(key)
      if (fields.length > 0) change.hset(key, ...fields).pexpire(key, maxAge)
      for (const [error] of (await change.exec()) ?? []) if (error) throw error
    },
    async keepManifest(hash, stored) {
      await redis.set(manifestKey(hash), JSON.stringify(stored), 'PX', maxAge + DAY_MS)
    },
    async list() {
      const texts = Object.values(await redis.hgetall(key))
      const configMaps = texts.flatMap((text) => json.pipe(configMapSchema).safeParse(text).data ?? [])
      return configMaps.sort((one, other) => (one.configMap < other.configMap ? -1 : 1))
    },
    async manifest(hash) {
      const text = await redis.get(manifestKey(hash))
      return json.pipe(storedSchema).safeParse(text).data
    },
  }
}
