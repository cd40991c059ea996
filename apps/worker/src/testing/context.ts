import type { JobRef, Resolution } from '@opifer/core'
import { makeOperario } from '@opifer/core/testing'
import type { AttemptState, Lease, Transitions } from '@opifer/queue'
import type { KubeApi } from '../kubernetes/client/api.ts'
import type { Jobs, ObservedJob } from '../kubernetes/informers/jobs.ts'
import type { Attempt, RunContext } from '../run/context.ts'
import { NOTHING_KNOWN, readableMetrics, RECEIVED_AT, silent } from './builders.ts'
import { NAMESPACE } from './cluster.ts'

export const LEASE: Lease = { runKey: 'run', lockKey: 'run:lock', token: 'token', durationMs: 30_000 }

/** An attempt that has begun for a new alert, with its create marked. */
export function makeAttempt(overrides: Partial<Attempt> = {}): Attempt {
  return { ...NOTHING_KNOWN, mark: { job: overrides.nextJob ?? 0, at: performance.now() }, ...overrides }
}

/** A context for the steps of one run, with transitions that only note their calls. */
export function makeContext({ api }: { api: Partial<KubeApi> }, overrides: Partial<RunContext> = {}): RunContext {
  return {
    api: api as KubeApi,
    limiter: { run: (call) => call(), hasRoom: () => true },
    operarios: { resolve: (): Resolution => ({ kind: 'found', operario: makeOperario() }) },
    jobs: makeJobs(),
    transitions: makeTransitions(),
    flags: { cancelledBy: async () => undefined },
    metrics: readableMetrics().metrics,
    settings: {
      job: { namespace: NAMESPACE, ttlSeconds: 300, labels: { app: 'openfero' } },
      maxAge: 3_600_000,
      cooldown: 60_000,
    },
    now: () => RECEIVED_AT,
    lease: LEASE,
    stored: {},
    isFirst: true,
    lastError: undefined,
    log: silent,
    ...overrides,
  }
}

/** Transitions that note their calls and change nothing. */
export function makeTransitions(calls: string[] = [], state: Partial<AttemptState> = {}): Transitions {
  return {
    async begin(run, _lease, { inDoubtFrom }) {
      calls.push(`begin ${run.id}${inDoubtFrom === undefined ? '' : ' in doubt'}`)
      return { ...NOTHING_KNOWN, isMarked: inDoubtFrom !== undefined, ...state }
    },
    markInDoubt: async (_run, _lease, { job }) => void calls.push(`mark ${job}`),
    clearInDoubt: async () => void calls.push('clear'),
    finish: async ({ id, result }, _lease, { cooldownMs }) =>
      void calls.push(`finish ${id} ${result.outcome} ${cooldownMs}`),
  }
}

export interface KnownJobs {
  /** The Job of the run. */
  ofRun?: JobRef | undefined
  unfinished?: JobRef | undefined
  observed?: ObservedJob | undefined
  lastEventAge?: number
  adopted?: string[]
}

/** An informer that knows these Jobs. */
export function makeJobs({ ofRun, unfinished, observed, lastEventAge = 0, adopted = [] }: KnownJobs = {}): Jobs {
  const jobs: Omit<Jobs, 'informer'> & { informer: { lastEventAge: () => number } } = {
    seen: () => observed,
    of: () => ofRun,
    unfinished: () => unfinished,
    adopt: (job, runId) => void adopted.push(`${runId} ${job.name}`),
    informer: { lastEventAge: () => lastEventAge },
  }
  return jobs as Jobs
}
