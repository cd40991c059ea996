import { type IJob, Job } from 'kubernetes-models/batch/v1/Job'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import { OPERARIO } from '../contract.ts'
import { parseDuration } from '../text/duration.ts'
import { sha256 } from '../text/hash.ts'
import { excerpt } from '../text/truncate.ts'
import type { OperarioAddress } from './name.ts'
import { parseYaml } from './yaml.ts'

/** The parts of a Kubernetes ConfigMap that Opifer reads. */
export interface OperarioConfigMap {
  metadata: {
    namespace: string
    name: string
    resourceVersion: string
    labels?: Record<string, string> | undefined
    annotations?: Record<string, string> | undefined
  }
  data?: Record<string, string> | undefined
}

/** The recipe for an alertname and status. */
export interface Operario {
  /** `namespace/name` of the ConfigMap. */
  configMap: string
  key: string
  resourceVersion: string
  /** Identifies the manifest across ConfigMaps and their versions. */
  manifestHash: string
  cooldownMs?: number
  /** As the author wrote it, validated. Shared by all runs, so never modify it. */
  manifest: OperarioManifest
}

/** A Job manifest with at least one container. */
export type OperarioManifest = IJob & { spec: { template: { spec: IPodSpec } } }

export type Resolution =
  | { kind: 'found'; operario: Operario }
  | { kind: 'unmatched' | 'disabled' | 'invalid'; reason: string }

/** Reads the Operario at an address from its ConfigMap. Every failure has a reason with ConfigMap, key and path. */
export function readOperario(configMap: OperarioConfigMap, { key }: OperarioAddress): Resolution {
  const { namespace, name, resourceVersion, labels, annotations } = configMap.metadata
  const where = `ConfigMap ${namespace}/${name}`
  const text = lookUp(configMap.data, key)
  if (text === undefined) return { kind: 'unmatched', reason: `${where} has no key ${JSON.stringify(key)} in its data` }
  if (labels?.[OPERARIO.disabled] === 'true') {
    return { kind: 'disabled', reason: `${where} has the label ${OPERARIO.disabled}: "true"` }
  }
  const manifest = parseManifest(text)
  if (!manifest.ok) return { kind: 'invalid', reason: `${where}, key ${JSON.stringify(key)}: ${manifest.error}` }
  const cooldown = annotations?.[OPERARIO.cooldown]
  const cooldownMs = cooldown === undefined ? undefined : parseDuration(cooldown)
  if (cooldown !== undefined && cooldownMs === undefined) {
    const error = `annotation ${OPERARIO.cooldown} is ${JSON.stringify(excerpt(cooldown, 50))}, not a duration such as 90s or 5m`
    return { kind: 'invalid', reason: `${where}: ${error}` }
  }
  const manifestHash = sha256([JSON.stringify(manifest.value)])
  const operario = { configMap: `${namespace}/${name}`, key, resourceVersion, manifestHash, manifest: manifest.value }
  return { kind: 'found', operario: cooldownMs === undefined ? operario : { ...operario, cooldownMs } }
}

type ManifestParse = { ok: true; value: OperarioManifest } | { ok: false; error: string }

function parseManifest(text: string): ManifestParse {
  const yaml = parseYaml(text)
  if (!yaml.ok) return yaml
  const value = withoutNulls(yaml.value)
  const error = manifestError(value)
  return error === undefined ? { ok: true, value: value as OperarioManifest } : { ok: false, error }
}

/** Kubernetes treats null like an absent field. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([, child]) => child !== null)
  return Object.fromEntries(fields.map(([name, child]) => [name, withoutNulls(child)]))
}

/** Catches what the API server rejects in any Job. Finer rules are left to the API server. */
function manifestError(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not a Job manifest, only a single value'
  const job = value as IJob
  if (job.apiVersion !== 'batch/v1') return `apiVersion must be batch/v1, not ${JSON.stringify(job.apiVersion)}`
  if (job.kind !== 'Job') return `kind must be Job, not ${JSON.stringify(job.kind)}`
  return schemaError(job) ?? podError(job.spec?.template.spec)
}

function schemaError(job: IJob): string | undefined {
  try {
    new Job(job).validate()
    return undefined
  } catch (error) {
    const errors = errorsOf(error)
    return errors.length > 0 ? excerpt(errors.join(', '), MAX_ERROR_LENGTH) : undefined
  }
}

const MAX_ERROR_LENGTH = 1_000

/** One error from the validator of `kubernetes-models`. */
interface SchemaError {
  /** JSON pointer. */
  instancePath: string
  keyword: string
  message?: string
}

function errorsOf(error: unknown): string[] {
  if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) throw error
  return (
    (error.errors as SchemaError[])
      // New Kubernetes versions add enum values; leave them to the API server.
      .filter(({ keyword }) => keyword !== 'enum')
      .map(({ instancePath, message }) => `${dotted(instancePath)} ${message ?? 'is wrong'}`.trim())
  )
}

/** `/spec/backoffLimit` → `spec.backoffLimit`; `~1` is an escaped slash (RFC 6901). */
function dotted(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/')
}

function podError(pod: IPodSpec | undefined): string | undefined {
  if (!pod) return 'spec.template.spec is missing'
  if (pod.containers.length === 0) return 'spec.template.spec.containers must have at least one container'
  if (pod.restartPolicy && !['Never', 'OnFailure'].includes(pod.restartPolicy)) {
    return `spec.template.spec.restartPolicy must be Never or OnFailure, not ${JSON.stringify(pod.restartPolicy)}`
  }
  return undefined
}

function lookUp(data: Record<string, string> | undefined, key: string): string | undefined {
  return data && Object.hasOwn(data, key) ? data[key] : undefined
}
