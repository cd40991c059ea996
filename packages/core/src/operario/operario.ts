import { type IJob, Job } from 'kubernetes-models/batch/v1/Job'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import { OPERARIO } from '../contract.ts'
import { parseDuration } from '../text/duration.ts'
import { sha256 } from '../text/hash.ts'
import { excerpt } from '../text/truncate.ts'
import type { OperarioAddress } from './name.ts'
import { parseYaml } from './yaml.ts'

/** The part of a Kubernetes ConfigMap that can hold Operarios. */
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

/** The recipe for an (alertname, status). */
export interface Operario {
  /** `namespace/name` of the ConfigMap. */
  configMap: string
  key: string
  resourceVersion: string
  /** Tells manifests apart, whichever ConfigMaps and versions of them they stand in. */
  manifestHash: string
  cooldownMs?: number
  /** As the author wrote it, checked for shape. Never changed: it is shared by all runs. */
  manifest: OperarioManifest
}

/** A Job manifest that is known to have at least one container. */
export type OperarioManifest = IJob & { spec: { template: { spec: IPodSpec } } }

export type Resolution =
  | { kind: 'found'; operario: Operario }
  | { kind: 'unmatched' | 'disabled' | 'invalid'; reason: string }

/** Reads the Operario at an address from its ConfigMap. Every "no" carries its reason, with ConfigMap, key and path. */
export function readOperario(configMap: OperarioConfigMap, { key }: OperarioAddress): Resolution {
  const { namespace, name, resourceVersion, labels, annotations } = configMap.metadata
  const where = `ConfigMap ${namespace}/${name}`
  const text = lookUp(configMap.data, key)
  if (text === undefined) return { kind: 'unmatched', reason: `${where} has no key ${JSON.stringify(key)} in its data` }
  if (labels?.[OPERARIO.disabled] === 'true') {
    return { kind: 'disabled', reason: `${where} is labelled ${OPERARIO.disabled}: "true"` }
  }
  const manifest = parseManifest(text)
  if (!manifest.ok) return { kind: 'invalid', reason: `${where}, key ${JSON.stringify(key)}: ${manifest.problem}` }
  const cooldown = annotations?.[OPERARIO.cooldown]
  const cooldownMs = cooldown === undefined ? undefined : parseDuration(cooldown)
  if (cooldown !== undefined && cooldownMs === undefined) {
    const problem = `annotation ${OPERARIO.cooldown} is ${JSON.stringify(excerpt(cooldown, 50))}, not a duration such as 90s or 5m`
    return { kind: 'invalid', reason: `${where}: ${problem}` }
  }
  const manifestHash = sha256([JSON.stringify(manifest.value)])
  const operario = { configMap: `${namespace}/${name}`, key, resourceVersion, manifestHash, manifest: manifest.value }
  return { kind: 'found', operario: cooldownMs === undefined ? operario : { ...operario, cooldownMs } }
}

type ManifestParse = { ok: true; value: OperarioManifest } | { ok: false; problem: string }

function parseManifest(text: string): ManifestParse {
  const yaml = parseYaml(text)
  if (!yaml.ok) return yaml
  const value = withoutNulls(yaml.value)
  const problem = manifestProblem(value)
  return problem === undefined ? { ok: true, value: value as OperarioManifest } : { ok: false, problem }
}

/** To Kubernetes a field that is null is a field that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([, child]) => child !== null)
  return Object.fromEntries(fields.map(([name, child]) => [name, withoutNulls(child)]))
}

/** What the API server would refuse of any Job, told before one is made. Finer rules are left to the API server itself. */
function manifestProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not a Job manifest but a single value'
  const job = value as IJob
  if (job.apiVersion !== 'batch/v1') return `apiVersion must be batch/v1, not ${JSON.stringify(job.apiVersion)}`
  if (job.kind !== 'Job') return `kind must be Job, not ${JSON.stringify(job.kind)}`
  return schemaProblem(job) ?? podProblem(job.spec?.template.spec)
}

function schemaProblem(job: IJob): string | undefined {
  try {
    new Job(job).validate()
    return undefined
  } catch (error) {
    const faults = faultsOf(error)
    return faults.length > 0 ? excerpt(faults.join(', '), MAX_PROBLEM) : undefined
  }
}

const MAX_PROBLEM = 1_000

/** One fault of a manifest, as the validator of `kubernetes-models` gives it. */
interface SchemaFault {
  /** JSON pointer. */
  instancePath: string
  keyword: string
  message?: string
}

function faultsOf(error: unknown): string[] {
  if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) throw error
  return (
    (error.errors as SchemaFault[])
      // Which values a field may have grows with Kubernetes' versions: the API server knows its own.
      .filter(({ keyword }) => keyword !== 'enum')
      .map(({ instancePath, message }) => `${dotted(instancePath)} ${message ?? 'is wrong'}`.trim())
  )
}

/** `/spec/backoffLimit` → `spec.backoffLimit`; a slash in a key is written `~1` in a pointer (RFC 6901). */
function dotted(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/')
}

function podProblem(pod: IPodSpec | undefined): string | undefined {
  if (!pod) return 'spec.template.spec is missing'
  if (pod.containers.length === 0) return 'spec.template.spec.containers must name at least one container'
  if (pod.restartPolicy && !['Never', 'OnFailure'].includes(pod.restartPolicy)) {
    return `spec.template.spec.restartPolicy must be Never or OnFailure, not ${JSON.stringify(pod.restartPolicy)}`
  }
  return undefined
}

function lookUp(data: Record<string, string> | undefined, key: string): string | undefined {
  return data && Object.hasOwn(data, key) ? data[key] : undefined
}
