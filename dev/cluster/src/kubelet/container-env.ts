import type { Container, EnvFrom, EnvVar, KeyRef, ObjectRef, Pod } from '../objects/pod.ts'

/** A value, undefined if an optional source is missing, or why it cannot be resolved. */
export type Resolved<T> = { ok: true; value: T } | { ok: false; message: string }

/** Reads the `data` of a ConfigMap in the pod's namespace. */
export type ConfigMapReader = (name: string) => Record<string, string> | undefined

/** A container's environment. `env` overrides `envFrom`; a variable sees the values of those before it. */
export function resolveEnv(container: Container, pod: Pod, configMap: ConfigMapReader): Resolved<Map<string, string>> {
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
  return { ok: true, value: env }
}

/**
 * Expands Kubernetes' variable references, as in `$(NAME)`. Names that `lookup` does not know stay, `$$` escapes a `$`, and
 * values are not expanded again. The rules are those of k8s.io/kubernetes/third_party/forked/golang/expansion.
 */
export function expand(input: string, lookup: (name: string) => string | undefined): string {
  // No reference can end after the last `)`. Searching there would make `$($($(…` quadratic.
  const end = input.lastIndexOf(')') + 1
  const head = input.slice(0, end).replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) => {
    return name === undefined ? '$' : (lookup(name) ?? match)
  })
  return head + input.slice(end).replaceAll('$$', () => '$')
}

function valuesFrom(
  { configMapRef, secretRef }: EnvFrom,
  configMap: ConfigMapReader,
): Resolved<Record<string, string> | undefined> {
  if (secretRef) return missing(secretRef, NO_SECRETS)
  if (!configMapRef) return { ok: true, value: undefined }
  const value = configMap(configMapRef.name)
  return value ? { ok: true, value } : missing(configMapRef, `configmap "${configMapRef.name}" not found`)
}

function valueFrom({ valueFrom: source }: EnvVar, pod: Pod, configMap: ConfigMapReader): Resolved<string | undefined> {
  if (!source) return { ok: true, value: '' }
  if (source.configMapKeyRef) return configMapKey(source.configMapKeyRef, pod, configMap)
  if (source.secretKeyRef) return missing(source.secretKeyRef, NO_SECRETS)
  const value = source.fieldRef && fieldValue(pod, source.fieldRef.fieldPath)
  if (value !== undefined) return { ok: true, value }
  return { ok: false, message: `unsupported valueFrom: ${JSON.stringify(source)}` }
}

function configMapKey(ref: KeyRef, pod: Pod, configMap: ConfigMapReader): Resolved<string | undefined> {
  const data = configMap(ref.name)
  if (!data) return missing(ref, `configmap "${ref.name}" not found`)
  if (Object.hasOwn(data, ref.key)) return { ok: true, value: data[ref.key] }
  return missing(ref, `couldn't find key ${ref.key} in ConfigMap ${pod.metadata.namespace}/${ref.name}`)
}

function missing({ optional = false }: ObjectRef, message: string): Resolved<undefined> {
  return optional ? { ok: true, value: undefined } : { ok: false, message }
}

const NO_SECRETS = 'the development cluster has no secrets'

/** A pod's field for the downward API. */
function fieldValue({ metadata, spec }: Pod, path: string): string | undefined {
  const [, map, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? []
  if (map !== undefined && key !== undefined) return metadata[map as 'labels' | 'annotations']?.[key] ?? ''
  return {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': 'devcluster',
    'spec.serviceAccountName': spec.serviceAccountName ?? 'default',
    // There is no pod network: all pods share the machine's address.
    'status.hostIP': '127.0.0.1',
    'status.podIP': '127.0.0.1',
  }[path]
}
