import type { Outcome } from '@opifer/core'
import { Counter, Histogram, type Registry } from 'prom-client'

export interface WorkerMetrics {
  created: () => void
  adopted: () => void
  retried: () => void
  /** @param seconds from the webhook to the end */
  ended: (outcome: Outcome, seconds: number) => void
}

export function createMetrics(registry: Registry): WorkerMetrics {
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [registry] })
  const created = counter('openfero_jobs_created_total', 'Jobs created.')
  const succeeded = counter('openfero_jobs_succeeded_total', 'Jobs that succeeded.')
  const failed = counter('openfero_jobs_failed_total', 'Jobs that failed.')
  const adopted = counter(
    'opifer_jobs_adopted_total',
    'Jobs that were found to exist already when a run came to create them.',
  )
  const retried = counter('opifer_run_retries_total', 'Attempts of runs that failed and will be tried again.')
  const runs = new Counter({
    name: 'opifer_runs_total',
    help: 'Runs that ended, by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'opifer_run_duration_seconds',
    help: 'Time from a webhook to the outcome of its run.',
    labelNames: ['outcome'],
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600],
    registers: [registry],
  })
  return {
    created: () => created.inc(),
    adopted: () => adopted.inc(),
    retried: () => retried.inc(),
    ended(outcome, duration) {
      runs.inc({ outcome })
      seconds.observe({ outcome }, duration)
      if (outcome === 'succeeded') succeeded.inc()
      if (outcome === 'failed') failed.inc()
    },
  }
}
