import type { ContainerExit, JobRef } from '@opifer/core'
import type { Logger } from '@opifer/platform/telemetry'
import type { ContainerStatus, KubeApi, Pod } from '../kubernetes/client/api.ts'

/** What a failed Job left behind. */
export interface Remains {
  exits: ContainerExit[]
  /** Last lines of the container that failed last. */
  log?: string
}

/** Reads exit codes and last log lines of a failed Job's pods. They are a help, not the outcome: what can't be read is left out. */
export async function autopsy(job: JobRef, api: Pick<KubeApi, 'listPods' | 'podLog'>, log: Logger): Promise<Remains> {
  const unreadable = (what: string) => (err: unknown) => {
    log.warn({ err, job: job.name }, `${what} of the failed Job could not be read`)
    return undefined
  }
  const pods = await api
    .listPods(job.namespace, `batch.kubernetes.io/job-name=${job.name}`)
    .catch(unreadable('the pods'))
  const failures = (pods ?? []).flatMap(failedContainers).sort((a, b) => a.finishedAt.localeCompare(b.finishedAt))
  const exits = failures.map(({ exit }) => exit)
  const last = failures.at(-1)
  const text = last && (await api.podLog(last.pod, last.exit.container, LIMITS).catch(unreadable('the log')))
  return text ? { exits, log: text.trimEnd().slice(-LOG_LENGTH).toWellFormed() } : { exits }
}

/** The kubelet counts bytes from the first of these lines on: a low limit would cut off the end, which tells most. */
const LIMITS = { tailLines: 20, limitBytes: 256 * 1024 }
const LOG_LENGTH = 8 * 1024

interface Failure {
  pod: Pod
  exit: ContainerExit
  finishedAt: string
}

function failedContainers(pod: Pod): Failure[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return statuses.flatMap(({ name, state }: ContainerStatus) => {
    const end = state?.terminated
    if (!end || end.exitCode === 0) return []
    const exit = {
      pod: pod.metadata.name,
      container: name,
      exitCode: end.exitCode,
      ...(end.reason && { reason: end.reason }),
    }
    return [{ pod, exit, finishedAt: end.finishedAt ?? '' }]
  })
}
