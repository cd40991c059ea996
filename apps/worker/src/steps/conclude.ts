import type { JobRef, JobTimes } from '@opifer/core'
import type { Logger } from '@opifer/platform/telemetry'
import type { KubeApi } from '../kubernetes/client/api.ts'
import type { ObservedJob } from '../kubernetes/informers/jobs.ts'
import { autopsy } from './autopsy.ts'
import type { Ending } from './record.ts'

/** Puts the end of a Job into words, for a failed one with what it left behind. */
export async function conclude(
  job: JobRef,
  sighting: Exclude<ObservedJob, { state: 'running' }>,
  api: Pick<KubeApi, 'listPods' | 'podLog'>,
  log: Logger,
): Promise<Ending> {
  switch (sighting.state) {
    case 'succeeded':
      return { outcome: 'succeeded', reason: 'the Job completed', jobTimes: timesOf(sighting) }
    case 'gone':
      return { outcome: 'lost', reason: `Job ${job.namespace}/${job.name} was gone before its end was seen` }
    case 'failed': {
      const remains = await autopsy(job, api, log)
      const codes = [...new Set(remains.exits.map(({ exitCode }) => exitCode))].join(', ')
      const verdict = [sighting.reason, sighting.message].filter(Boolean).join(': ')
      const reason = [verdict, codes && `exit code ${codes}`].filter(Boolean).join('; ')
      return { outcome: 'failed', reason, ...remains, jobTimes: timesOf(sighting) }
    }
  }
}

function timesOf({ startedAt, endedAt }: JobTimes): JobTimes {
  return { startedAt, endedAt }
}
