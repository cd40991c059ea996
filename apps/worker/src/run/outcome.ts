import type { JobRef, JobTimes } from '@opifer/core'
import type { ObservedJob } from '../kubernetes/informers/jobs.ts'
import type { RunContext, RunEnd } from './context.ts'
import { readFailure } from './failure.ts'

/** The outcome of a Job that ended, with what a failed one left behind. */
export async function readOutcome(
  job: JobRef,
  observed: Exclude<ObservedJob, { state: 'running' }>,
  context: Pick<RunContext, 'api' | 'log'>,
): Promise<RunEnd> {
  switch (observed.state) {
    case 'succeeded':
      return { outcome: 'succeeded', reason: 'the Job completed', jobTimes: timesOf(observed) }
    case 'gone':
      return { outcome: 'lost', reason: `Job ${job.namespace}/${job.name} was deleted before its result was seen` }
    case 'failed': {
      const failure = await readFailure(job, context)
      const codes = [...new Set(failure.exits.map(({ exitCode }) => exitCode))].join(', ')
      const verdict = [observed.reason, observed.message].filter(Boolean).join(': ')
      const reason = [verdict, codes && `exit code ${codes}`].filter(Boolean).join('; ')
      return { outcome: 'failed', reason, ...failure, jobTimes: timesOf(observed) }
    }
  }
}

function timesOf({ startedAt, endedAt }: JobTimes): JobTimes {
  return { startedAt, endedAt }
}
