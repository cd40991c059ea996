import type { ContainerExit, JobRef } from '@opifer/core'
import type { ContainerStatus, Pod } from '../kubernetes/client/api.ts'
import type { RunContext } from './context.ts'

/** What a failed Job left behind. */
export interface Failure {
  exits: ContainerExit[]
  /** Last lines of the container that failed last. */
  log?: string
}

/** Reads exit codes and last log lines of a failed Job's pods. They help a person and decide nothing: unreadable ones are left out. */
export async function readFailure(job: JobRef, { api, log }: Pick<RunContext, 'api' | 'log'>): Promise<Failure> {
  const unreadable = (what: string) => (err: unknown) => {
    log.warn({ err, job: job.name }, `could not read ${what} of failed Job`)
    return undefined
  }
  const pods = await api.listPods(job.namespace, `batch.kubernetes.io/job-name=${job.name}`).catch(unreadable('pods'))
  const failures = (pods ?? []).flatMap(failedContainers).sort((a, b) => a.finishedAt.localeCompare(b.finishedAt))
  const exits = failures.map(({ exit }) => exit)
  const last = failures.at(-1)
  const text = last && (await api.podLog(last.pod, last.exit.container, LIMITS).catch(unreadable('log')))
  return text ? { exits, log: text.trimEnd().slice(-LOG_LENGTH).toWellFormed() } : { exits }
}

/** The kubelet counts bytes from the first of these lines: a low limit would cut off the end, which matters most. */
const LIMITS = { tailLines: 20, limitBytes: 256 * 1024 }
const LOG_LENGTH = 8 * 1024

interface FailedContainer {
  pod: Pod
  exit: ContainerExit
  finishedAt: string
}

function failedContainers(pod: Pod): FailedContainer[] {
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
