import type { Result, Run } from '@opifer/core'
import { createLabelCap } from '@opifer/platform/telemetry'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface RunMetrics {
  created: () => void
  adopted: () => void
  retried: () => void
  stalled: () => void
  /** @param seconds from the webhook to the first attempt */
  begun: (seconds: number) => void
  /** @param seconds from the webhook to the Job */
  jobMade: (seconds: number) => void
  ended: (run: Run, result: Result) => void
}

export interface ApiMetrics {
  /** @param code HTTP status, or `<error>` when no response arrived */
  called: (verb: string, resource: string, code: string, seconds: number) => void
}

/** Result of writing a Kubernetes Event. */
export type EventResult = 'written' | 'failed' | 'dropped'

export interface WorkerMetrics extends RunMetrics, ApiMetrics {
  /** A watch or list was interrupted; it is retried. */
  interrupted: (resource: string) => void
  event: (result: EventResult) => void
}

export function createMetrics(registry: Registry): WorkerMetrics {
  const registers = [registry]
  const interruptions = new Counter({
    name: 'opifer_watch_interruptions_total',
    help: 'Interrupted watches and lists.',
    labelNames: ['resource'],
    registers,
  })
  const events = new Counter({
    name: 'opifer_kube_events_total',
    help: 'Kubernetes Events about Operarios, by result: written, failed, dropped.',
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

/** Alertnames with a label value of their own: each costs up to one series per outcome. */
const MAX_ALERTNAMES = 200

function runMetrics(registry: Registry): RunMetrics {
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  const created = counter('openfero_jobs_created_total', 'Jobs created.')
  const succeeded = counter('openfero_jobs_succeeded_total', 'Jobs that succeeded.')
  const failed = counter('openfero_jobs_failed_total', 'Jobs that failed.')
  const adopted = counter('opifer_jobs_adopted_total', 'Jobs that already existed when a run went to create them.')
  const retried = counter('opifer_run_retries_total', 'Failed attempts of runs that are retried.')
  const stalled = counter('opifer_runs_stalled_total', 'Runs taken over from a worker that stalled or died.')
  const runs = new Counter({
    name: 'opifer_runs_total',
    help: 'Ended runs, by outcome and alertname.',
    labelNames: ['outcome', 'alertname'],
    registers,
  })
  const times = runTimes(registry)
  const cap = createLabelCap(MAX_ALERTNAMES)
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

/** Seconds: from the latency of an empty queue to the age at which alerts expire. */
const BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600]

function runTimes(registry: Registry): Pick<RunMetrics, 'begun' | 'jobMade' | 'ended'> {
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, buckets: BUCKETS, registers: [registry] })
  const byOutcome = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: ['outcome'], buckets: BUCKETS, registers: [registry] })
  const waiting = histogram('opifer_run_waiting_seconds', 'Time from a webhook to the first attempt of its run.')
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
    help: 'Calls to the Kubernetes API, by HTTP status code; code <error> when no response arrived.',
    labelNames: ['verb', 'resource', 'code'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'opifer_kube_api_request_duration_seconds',
    help: 'Time from a call to the Kubernetes API to the headers of its response.',
    labelNames: ['verb', 'resource'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers: [registry],
  })
  return {
    called(verb, resource, code, duration) {
      calls.inc({ verb, resource, code })
      seconds.observe({ verb, resource }, duration)
    },
  }
}

export interface Gauges {
  /** Current limit on concurrent creates. */
  createLimit: () => number
  /** By resource; ages in milliseconds. */
  watches: Readonly<Record<string, { lastEventAge: () => number; listAge: () => number }>>
}

/** Gauges that are read at each scrape. */
export function registerGauges(registry: Registry, { createLimit, watches }: Gauges): void {
  const limit = new Gauge({
    name: 'opifer_create_limit',
    help: 'Limit on concurrent Job creates; below --concurrency while the API server is slow or overloaded.',
    registers: [],
    collect() {
      this.set(createLimit())
    },
  })
  registry.registerMetric(limit)
  const age = (name: string, help: string, read: 'lastEventAge' | 'listAge') => {
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
    'Time since a watch last received anything from the API server; +Inf before its first list.',
    'lastEventAge',
  )
  age(
    'opifer_watch_list_age_seconds',
    'Time since the last list of the whole collection; +Inf before the first one.',
    'listAge',
  )
}

/** Unnamed alerts use an empty label, which Prometheus treats as absent. */
function alertnameOf({ alert }: Run): string {
  return alert.alertname ?? ''
}

/** Seconds between two wall-clock times in milliseconds; never negative, since the clocks of two machines may differ. */
export function secondsBetween(from: number, to: number): number {
  return Math.max(to - from, 0) / 1_000
}
