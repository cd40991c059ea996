import { setImmediate as yieldToOthers, setTimeout as sleep } from 'node:timers/promises'
import { type JobSettings, type Operario, OPERARIO, operarioAddress, type Resolution } from '@opifer/core'
import type { PublishedConfigMap, PublishedOperarios } from '@opifer/history'
import type { Logger } from '@opifer/platform/telemetry'
import type { ConfigMap } from '../kubernetes/client/api.ts'
import type { Operarios } from '../kubernetes/informers/operarios.ts'

export interface PublishDeps {
  operarios: Pick<Operarios, 'configMaps' | 'read' | 'onChange'>
  published: Pick<PublishedOperarios, 'replaceAll' | 'keepManifest'>
  /** What Jobs are created with in addition to their manifests. */
  settings: JobSettings
  log: Logger
}

/**
 * Publishes the Operarios and their errors to Redis for the dashboard: now, and after every change.
 *
 * @param pauseMs milliseconds over which changes are batched
 */
export function publishOperarios(deps: PublishDeps, pauseMs = 1_000): { stop: () => void } {
  const stopping = new AbortController()
  const refreshedAt = new Map<string, number>()
  let change = Promise.withResolvers<void>()

  async function follow(): Promise<void> {
    for (;;) {
      await change.promise
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      change = Promise.withResolvers()
      await publish(deps, refreshedAt).catch((err: unknown) => {
        if (!stopping.signal.aborted) deps.log.warn({ err }, 'could not publish Operarios, retrying')
        change.resolve()
      })
    }
  }

  deps.operarios.onChange(() => change.resolve())
  change.resolve()
  void follow()
  return {
    // Does not wait for a write in progress: Redis may be down, and other workers publish the same.
    stop() {
      stopping.abort()
      change.resolve()
    },
  }
}

async function publish({ operarios, ...deps }: PublishDeps, refreshedAt: Map<string, number>): Promise<void> {
  const entries: PublishedConfigMap[] = []
  const hashes = new Set<string>()
  for (const configMap of operarios.configMaps()) {
    const { name } = configMap.metadata
    const keys = Object.keys(configMap.data ?? {})
    const readings = keys.map((key) => ({ key, resolution: operarios.read({ configMap: name, key }) }))
    for (const { resolution } of readings) {
      if (resolution?.kind !== 'found') continue
      hashes.add(resolution.operario.manifestHash)
      await refreshManifest(resolution.operario, deps, refreshedAt)
    }
    entries.push(entryOf(configMap, readings))
    // Parsing a thousand manifests takes a while and must not hold up runs.
    await yieldToOthers()
  }
  await deps.published.replaceAll(entries)
  // Every change of an Operario leaves an old hash behind.
  for (const hash of refreshedAt.keys()) if (!hashes.has(hash)) refreshedAt.delete(hash)
}

/** Writes a manifest once an hour, although Operarios are published more often. */
async function refreshManifest(
  { manifest, manifestHash }: Operario,
  { published, settings }: Pick<PublishDeps, 'published' | 'settings'>,
  refreshedAt: Map<string, number>,
): Promise<void> {
  const age = performance.now() - (refreshedAt.get(manifestHash) ?? Number.NEGATIVE_INFINITY)
  if (age < REFRESH_MS) return
  await published.keepManifest(manifestHash, { manifest, settings })
  refreshedAt.set(manifestHash, performance.now())
}

const REFRESH_MS = 3_600_000

interface KeyReading {
  key: string
  resolution: Resolution | undefined
}

function entryOf({ metadata }: ConfigMap, readings: readonly KeyReading[]): PublishedConfigMap {
  const { namespace, name, resourceVersion, labels } = metadata
  return {
    configMap: `${namespace}/${name}`,
    resourceVersion,
    disabled: labels?.[OPERARIO.disabled] === 'true',
    operarios: readings.map((reading) => describe(reading, name)),
  }
}

function describe({ key, resolution }: KeyReading, configMap: string): PublishedConfigMap['operarios'][number] {
  const addresses = (['firing', 'resolved'] as const).map((status) => operarioAddress({ alertname: key, status }))
  if (addresses.every((address) => address?.configMap !== configMap)) {
    const expected = addresses.map((address) => address?.configMap).join(' or ')
    return { key, problem: `matches no alert: the Operario for ${key} must be in ConfigMap ${expected}` }
  }
  if (resolution?.kind === 'found') {
    const { manifestHash, cooldownMs } = resolution.operario
    return { key, manifestHash, cooldownMs }
  }
  return resolution?.kind === 'invalid' ? { key, problem: resolution.reason } : { key }
}
