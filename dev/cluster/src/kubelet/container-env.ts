import type { Container, EnvFrom, EnvVar, KeyRef, ObjectRef, Pod } from '../controllers/pod-types.ts'
import { expand } from './expand.ts'
import { fieldValue } from './field-ref.ts'

/** A container's environment, or why it cannot be made. */
export type EnvResolution = { ok: true; env: Map<string, string> } | { ok: false; message: string }

/** Reads the `data` of a ConfigMap in the pod's namespace. */
export type ConfigMapReader = (name: string) => Record<string, string> | undefined

/** `env` overrides `envFrom`; a variable sees the values of those before it. */
export function resolveEnv(container: Container, pod: Pod, configMap: ConfigMapReader): EnvResolution {
  const env = new Map<string, string>()
  for (const source of container.envFrom ?? []) {
    const found = valuesFrom(source, configMap)
    if (!found.ok) return found
    for (const [key, value] of Object.entries(found.value ?? {})) env.set(`${source.prefix ?? ''}${key}`, value)
  }
  for (const variable of container.env ?? []) {
    const found = variable.value
      ? { ok: true as const, value: expand(variable.value, (name) => env.get(name)) }
      : valueFrom(variable, pod, configMap)
    if (!found.ok) return found
    if (found.value !== undefined) env.set(variable.name, found.value)
  }
  return { ok: true, env }
}

/** An optional source that is missing has no value. */
type Found<T> = { ok: true; value: T | undefined } | { ok: false; message: string }

function valuesFrom({ configMapRef, secretRef }: EnvFrom, configMap: ConfigMapReader): Found<Record<string, string>> {
  if (secretRef) return missing(secretRef, noSecrets)
  if (!configMapRef) return { ok: true, value: undefined }
  const value = configMap(configMapRef.name)
  return value ? { ok: true, value } : missing(configMapRef, `configmap "${configMapRef.name}" not found`)
}

function valueFrom({ valueFrom: source }: EnvVar, pod: Pod, configMap: ConfigMapReader): Found<string> {
  if (!source) return { ok: true, value: '' }
  if (source.configMapKeyRef) return configMapKey(source.configMapKeyRef, pod, configMap)
  if (source.secretKeyRef) return missing(source.secretKeyRef, noSecrets)
  if (!source.fieldRef)
    return { ok: false, message: 'resourceFieldRef is not supported: local processes have no limits' }
  const { fieldPath } = source.fieldRef
  const value = fieldValue(pod, fieldPath)
  return value === undefined ? { ok: false, message: `unsupported fieldPath: ${fieldPath}` } : { ok: true, value }
}

function configMapKey(ref: KeyRef, pod: Pod, configMap: ConfigMapReader): Found<string> {
  const data = configMap(ref.name)
  if (!data) return missing(ref, `configmap "${ref.name}" not found`)
  if (Object.hasOwn(data, ref.key)) return { ok: true, value: data[ref.key] }
  return missing(ref, `couldn't find key ${ref.key} in ConfigMap ${pod.metadata.namespace}/${ref.name}`)
}

function missing({ optional = false }: ObjectRef, message: string): Found<never> {
  return optional ? { ok: true, value: undefined } : { ok: false, message }
}

const noSecrets = 'the development cluster has no secrets'
