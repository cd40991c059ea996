import type { IJob } from 'kubernetes-models/batch/v1/Job'
import type { IContainer } from 'kubernetes-models/v1/Container'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import type { Alert } from '../alert/alert.ts'
import { ANNOTATION, LABEL } from '../contract.ts'
import type { Operario } from '../operario/operario.ts'
import { alertKeyOf, groupKeyHash } from '../run/identity.ts'
import type { Run } from '../run/run.ts'
import { type EnvVariable, type InjectedEnv, injectedEnv } from './env.ts'
import { jobName } from './job-name.ts'
import { labelValue } from './label-value.ts'

/** Settings for every Job that an installation creates. */
export interface JobSettings {
  /** Where Jobs are created. */
  namespace: string
  /** Seconds for which a finished Job is kept, unless its author sets them. */
  ttlSeconds: number
  /** Default labels of a Job: those of the ConfigMap selector, as in OpenFero. */
  labels: Readonly<Record<string, string>>
}

export interface JobRequest {
  run: Run
  alert: Alert
  operario: Operario
  /** The number in the Job's name. */
  number: number
}

/** A Job as it goes to the API server. */
export type JobManifest = IJob & { metadata: { name: string; namespace: string; annotations: Record<string, string> } }

export type JobBuild = { ok: true; job: JobManifest; warnings: string[] } | { ok: false; reason: string }

/** The Kubernetes Job of a run: the author's manifest with identity, environment and defaults added. Pure. */
export function buildJob(request: JobRequest, settings: JobSettings): JobBuild {
  const { run, alert, operario, number } = request
  const { metadata, spec } = operario.manifest
  if (metadata?.namespace && metadata.namespace !== settings.namespace) {
    const reason = `metadata.namespace is ${metadata.namespace}, but Jobs are created in ${settings.namespace} only`
    return { ok: false, reason: `ConfigMap ${operario.configMap}, key ${JSON.stringify(operario.key)}: ${reason}` }
  }
  const env = injectedEnv(run, alert)
  const pod = withEnv(spec.template.spec, env)
  if (pod === undefined) return { ok: false, reason: TOO_LARGE }
  const identity = identityOf(run, alert, operario)
  const authorsName = metadata?.name ?? metadata?.generateName ?? alert.alertname
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...marked(creatable(metadata ?? {}), identity, settings.labels),
      name: jobName(authorsName, identity.annotations[ANNOTATION.alertKey], number),
      namespace: settings.namespace,
    },
    spec: {
      ...spec,
      ttlSecondsAfterFinished: spec.ttlSecondsAfterFinished ?? settings.ttlSeconds,
      template: { ...spec.template, metadata: marked(spec.template.metadata, identity, settings.labels), spec: pod },
    },
  } satisfies IJob
  if (Buffer.byteLength(JSON.stringify(job)) > MAX_JOB_BYTES) return { ok: false, reason: TOO_LARGE }
  return { ok: true, job, warnings: [...env.warnings, ...overridden(spec.template.spec, env)] }
}

type Identity = ReturnType<typeof identityOf>

function identityOf(run: Run, alert: Alert, operario: Operario) {
  return {
    labels: {
      [LABEL.runId]: run.id,
      [LABEL.alert]: labelValue(alert.alertname),
      [LABEL.status]: alert.status,
      [LABEL.groupKey]: groupKeyHash(run.groupKey),
    },
    annotations: {
      [ANNOTATION.dedupId]: run.dedupId,
      [ANNOTATION.alertKey]: alertKeyOf(run),
      [ANNOTATION.operario]: `${operario.configMap}/${operario.key}@${operario.resourceVersion}`,
    },
  }
}

/** Opifer sets the name, and the API server rejects a new object with a version. */
function creatable({ generateName, resourceVersion, ...metadata }: NonNullable<IJob['metadata']>) {
  return metadata
}

/** Keeps the author's labels and annotations, except those that identify the Job. */
function marked(author: IJob['metadata'], identity: Identity, defaults: Readonly<Record<string, string>>) {
  return {
    ...author,
    labels: { ...defaults, ...author?.labels, ...identity.labels },
    annotations: { ...author?.annotations, ...identity.annotations },
  }
}

/** The author's pod with the injected variables in every container; undefined if that can't fit into a Job. */
function withEnv(pod: IPodSpec, { variables }: InjectedEnv): IPodSpec | undefined {
  const count = pod.containers.length + (pod.initContainers?.length ?? 0)
  // Estimated from one container's share: all of them together could be gigabytes.
  if (count * JSON.stringify(variables).length > MAX_JOB_BYTES) return undefined
  const names = namesOf(variables)
  const inject = (container: IContainer): IContainer => ({
    ...container,
    // Before the author's own, because a variable can only refer to earlier ones.
    env: [...variables, ...(container.env ?? []).filter(({ name }) => !names.has(name))],
  })
  return {
    ...pod,
    restartPolicy: pod.restartPolicy ?? 'Never',
    containers: pod.containers.map(inject),
    ...(pod.initContainers && { initContainers: pod.initContainers.map(inject) }),
  }
}

function overridden({ containers, initContainers = [] }: IPodSpec, { variables }: InjectedEnv): string[] {
  const names = namesOf(variables)
  return [...initContainers, ...containers].flatMap(({ name: container, env = [] }) =>
    env.flatMap(({ name }) =>
      names.has(name) ? [`${name} in container ${container} is overridden by the injected variable`] : [],
    ),
  )
}

function namesOf(variables: EnvVariable[]): Set<string> {
  return new Set(variables.map(({ name }) => name))
}

/** etcd rejects requests over 1.5 MiB (`--max-request-bytes`), and the API server adds fields of its own. */
const MAX_JOB_BYTES = 1_400_000
const TOO_LARGE = `the Job would be larger than ${MAX_JOB_BYTES} bytes, the most that Kubernetes can store`
