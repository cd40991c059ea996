import { setImmediate as yieldToOthers, setTimeout as sleep } from 'node:timers/promises'
import { type JobSettings, type Operario, OPERARIO, operarioAddress, type Resolution } from '@opifer/core'
import type { PublishedConfigMap, PublishedOperarios } from '@opifer/history'
import type { Logger } from '@opifer/platform/telemetry'
import { monotonic } from '../monotonic.ts'
import type { ConfigMap } from './api.ts'
import type { Operarios } from './operarios.ts'

/** Tells whoever looks which Operarios there are and what is wrong with each. */
export interface CataloguePublisher {
  /** Called whenever a ConfigMap has changed, and from time to time when none has. */
  changed: () => void
  stop: () => void
}

export interface PublisherDeps {
  operarios: Pick<Operarios, 'configMaps' | 'read'>
  catalogue: Pick<PublishedOperarios, 'replaceAll' | 'keepManifest'>
  /** What Jobs are made with, beside the manifests. */
  settings: JobSettings
  log: Logger
}

/** @param pauseMs milliseconds for which changes are gathered */
export function startPublisher(deps: PublisherDeps, pauseMs = 1_000): CataloguePublisher {
  const stopping = new AbortController()
  const kept = new Map<string, number>()
  let change = Promise.withResolvers<void>()

  async function follow(): Promise<void> {
    for (;;) {
      await change.promise
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      change = Promise.withResolvers()
      await publish(deps, kept).catch((err: unknown) => {
        if (!stopping.signal.aborted) deps.log.warn({ err }, 'the catalogue of Operarios could not be published')
        change.resolve()
      })
    }
  }

  void follow()
  return {
    changed: () => change.resolve(),
    // What is under way is not waited for: Redis may be away, and others publish the same.
    stop() {
      stopping.abort()
      change.resolve()
    },
  }
}

async function publish({ operarios, ...deps }: PublisherDeps, kept: Map<string, number>): Promise<void> {
  const entries: PublishedConfigMap[] = []
  const hashes = new Set<string>()
  for (const configMap of operarios.configMaps()) {
    const { name } = configMap.metadata
    const keys = Object.keys(configMap.data ?? {})
    const read = keys.map((key) => ({ key, resolution: operarios.read({ configMap: name, key }) }))
    for (const { resolution } of read) {
      if (resolution?.kind !== 'found') continue
      hashes.add(resolution.operario.manifestHash)
      await keep(resolution.operario, deps, kept)
    }
    entries.push(entryOf(configMap, read))
    // Parsing a thousand manifests takes its time, and the runs must not wait for that.
    await yieldToOthers()
  }
  await deps.catalogue.replaceAll(entries)
  // Every change of an Operario makes another one.
  for (const hash of kept.keys()) if (!hashes.has(hash)) kept.delete(hash)
}

/** Once an hour for each manifest, though the catalogue is published more often. */
async function keep(
  { manifest, manifestHash }: Operario,
  { catalogue, settings }: Pick<PublisherDeps, 'catalogue' | 'settings'>,
  kept: Map<string, number>,
): Promise<void> {
  if (monotonic() - (kept.get(manifestHash) ?? Number.NEGATIVE_INFINITY) < KEEP_AGAIN_MS) return
  await catalogue.keepManifest(manifestHash, { manifest, settings })
  kept.set(manifestHash, monotonic())
}

const KEEP_AGAIN_MS = 3_600_000

interface KeyReading {
  key: string
  resolution: Resolution | undefined
}

function entryOf({ metadata }: ConfigMap, read: readonly KeyReading[]): PublishedConfigMap {
  const { namespace, name, resourceVersion, labels } = metadata
  return {
    configMap: `${namespace}/${name}`,
    resourceVersion,
    disabled: labels?.[OPERARIO.disabled] === 'true',
    operarios: read.map((reading) => describe(reading, name)),
  }
}

function describe({ key, resolution }: KeyReading, configMap: string): PublishedConfigMap['operarios'][number] {
  const addresses = (['firing', 'resolved'] as const).map((status) => operarioAddress({ alertname: key, status }))
  if (addresses.every((address) => address?.configMap !== configMap)) {
    const wanted = addresses.map((address) => address?.configMap).join(' or ')
    return { key, problem: `no alert leads here: an Operario for ${key} stands in a ConfigMap ${wanted}` }
  }
  if (resolution?.kind === 'found') {
    const { manifestHash, cooldownMs } = resolution.operario
    return { key, manifestHash, cooldownMs }
  }
  return resolution?.kind === 'invalid' ? { key, problem: resolution.reason } : { key }
}
