import type { Result, Run } from '@opifer/core'
import { createLabelCap } from '@opifer/platform/telemetry'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { CallKind } from './kubernetes/client/observed-transport.ts'

export interface RunMetrics {
  created: () => void
  adopted: () => void
  retried: () => void
  stalled: () => void
  /** @param seconds from the webhook to the first turn */
  begun: (seconds: number) => void
  /** @param seconds from the webhook to the Job */
  jobMade: (seconds: number) => void
  ended: (run: Run, result: Result) => void
}

export interface ApiMetrics {
  /** @param code HTTP status, or `<error>` when no answer came */
  called: (kind: CallKind, code: string, seconds: number) => void
}

/** What became of Kubernetes Events. */
export type EventResult = 'written' | 'failed' | 'dropped'

export interface WorkerMetrics extends RunMetrics, ApiMetrics {
  /** A watch or list broke off and will be tried again. */
  interrupted: (resource: string) => void
  event: (result: EventResult) => void
}

export function createMetrics(registry: Registry): WorkerMetrics {
  const registers = [registry]
  const interruptions = new Counter({
    name: 'opifer_watch_interruptions_total',
    help: 'Watches and lists that broke off and were tried again.',
    labelNames: ['resource'],
    registers,
  })
  const events = new Counter({
    name: 'opifer_kube_events_total',
    help: 'Writes of Kubernetes Events about Operarios: written, failed, dropped.',
    labelNames: ['result'],
    registers,
  })
  for (const result of ['written', 'failed', 'dropped'] satisfies EventResult[]) events.inc({ result }, 0)
  return {
    ...runMetrics(registry),
    ...apiMetrics(registry),
    interrupted: (resource) => interruptions.inc({ resource }),
    event: (result) => events.inc({ result }),
  }
}

/** Alertnames that a process tells apart: each costs up to one series for every outcome. */
const MOST_ALERTNAMES = 200

function runMetrics(registry: Registry): RunMetrics {
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  const created = counter('openfero_jobs_created_total', 'Jobs created.')
  const succeeded = counter('openfero_jobs_succeeded_total', 'Jobs that succeeded.')
  const failed = counter('openfero_jobs_failed_total', 'Jobs that failed.')
  const adopted = counter(
    'opifer_jobs_adopted_total',
    'Jobs that were found to exist already when a run came to create them.',
  )
  const retried = counter('opifer_run_retries_total', 'Attempts of runs that failed and will be tried again.')
  const stalled = counter('opifer_runs_stalled_total', 'Runs that were found without their worker and taken over.')
  const runs = new Counter({
    name: 'opifer_runs_total',
    help: 'Runs that ended, by outcome and alertname.',
    labelNames: ['outcome', 'alertname'],
    registers,
  })
  const times = runTimes(registry)
  const cap = createLabelCap(MOST_ALERTNAMES)
  return {
    ...times,
    created: () => created.inc(),
    adopted: () => adopted.inc(),
    retried: () => retried.inc(),
    stalled: () => stalled.inc(),
    ended(run, result) {
      const { outcome } = result
      runs.inc({ outcome, alertname: cap(alertnameOf(run)) })
      times.ended(run, result)
      if (outcome === 'succeeded') succeeded.inc()
      if (outcome === 'failed') failed.inc()
    },
  }
}

/** Seconds: from what an empty queue takes to the age at which alerts are not acted upon any more. */
const BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600]

function runTimes(registry: Registry): Pick<RunMetrics, 'begun' | 'jobMade' | 'ended'> {
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, buckets: BUCKETS, registers: [registry] })
  const byOutcome = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: ['outcome'], buckets: BUCKETS, registers: [registry] })
  const waiting = histogram('opifer_run_waiting_seconds', 'Time from a webhook to the first turn of its run.')
  const toJob = histogram('opifer_run_time_to_job_seconds', 'Time from a webhook to the Job of its run.')
  const whole = byOutcome('opifer_run_duration_seconds', 'Time from a webhook to the outcome of its run.')
  const job = byOutcome('opifer_job_duration_seconds', 'Time from the creation of a Job to the outcome of its run.')
  return {
    begun: (seconds) => waiting.observe(seconds),
    jobMade: (seconds) => toJob.observe(seconds),
    ended(run, { outcome, finishedAt }) {
      whole.observe({ outcome }, secondsBetween(run.receivedAt, finishedAt))
      if (run.job) job.observe({ outcome }, secondsBetween(run.job.createdAt, finishedAt))
    },
  }
}

function apiMetrics(registry: Registry): ApiMetrics {
  const calls = new Counter({
    name: 'opifer_kube_api_requests_total',
    help: 'Calls to the Kubernetes API, by HTTP status code; code <error> when no answer came.',
    labelNames: ['verb', 'resource', 'code'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'opifer_kube_api_request_duration_seconds',
    help: 'Time from a call to the Kubernetes API to the head of its answer.',
    labelNames: ['verb', 'resource'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers: [registry],
  })
  return {
    called({ verb, resource }, code, duration) {
      calls.inc({ verb, resource, code })
      seconds.observe({ verb, resource }, duration)
    },
  }
}

export interface Gauges {
  /** Creates that may be under way at a time now. */
  createLimit: () => number
  /** By the resource that each follows; ages in milliseconds. */
  watches: Readonly<Record<string, { silentFor: () => number; listAge: () => number }>>
}

/** What is read at each scrape. */
export function registerGauges(registry: Registry, { createLimit, watches }: Gauges): void {
  const limit = new Gauge({
    name: 'opifer_create_limit',
    help: 'Creates of Jobs that may be under way at a time now; less than --concurrency while the API server is slow.',
    registers: [],
    collect() {
      this.set(createLimit())
    },
  })
  registry.registerMetric(limit)
  const age = (name: string, help: string, read: 'silentFor' | 'listAge') => {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ['resource'],
      registers: [],
      collect() {
        for (const [resource, watch] of Object.entries(watches)) this.set({ resource }, watch[read]() / 1_000)
      },
    })
    registry.registerMetric(gauge)
  }
  age(
    'opifer_watch_silence_seconds',
    'Time since a watch last heard of the API server; +Inf before its first list.',
    'silentFor',
  )
  age('opifer_watch_list_age_seconds', 'Time since a collection was last listed as a whole.', 'listAge')
}

/** An alert that has no name is told as the empty one, which to Prometheus is a label that is not there. */
function alertnameOf({ alert }: Run): string {
  return alert.alertname ?? ''
}

/** Clocks of two machines may differ a little: a time is never negative. */
export function secondsBetween(from: number, to: number): number {
  return Math.max(to - from, 0) / 1_000
}
