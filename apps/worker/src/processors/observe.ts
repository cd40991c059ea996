import { groupKeyHash, type Result, type Run } from '@opifer/core'
import type { Tracing } from '@opifer/platform/telemetry'
import { type RunMetrics, secondsBetween } from '../metrics.ts'
import type { Turn } from './run.ts'
import type { TurnContext } from './steps.ts'

export interface TurnObservers {
  metrics: Pick<RunMetrics, 'begun' | 'jobMade'>
  tracing: Pick<Tracing, 'annotate'>
  /** Called once a run's end is written down. Must neither throw nor take time. */
  onEnd: (run: Run, result: Result) => void
  now: () => number
}

type TakeTurn = (run: Run, context: TurnContext) => Promise<Turn>

/** Tells metrics, traces and Kubernetes of each turn, from outside: no turn waits for it. */
export function observeTurns(takeTurn: TakeTurn, { metrics, tracing, onEnd, now }: TurnObservers): TakeTurn {
  return async function observed(run, context) {
    if (context.isFirst) metrics.begun(secondsBetween(run.receivedAt, now()))
    tracing.annotate(() => ({
      'opifer.run.id': run.id,
      'opifer.group_key.hash': groupKeyHash(run.groupKey),
      'opifer.alertname': run.alert.alertname,
    }))
    const turn = await takeTurn(run, context)
    if (turn.kind === 'waiting') {
      const { job } = turn.run
      if (!run.job) metrics.jobMade(secondsBetween(run.receivedAt, job.createdAt))
      tracing.annotate(() => ({ 'k8s.job.name': job.name, 'k8s.namespace.name': job.namespace }))
    } else {
      tracing.annotate(() => ({ 'opifer.outcome': turn.result.outcome }))
      // A result that was there already was told in the turn that wrote it down.
      if (!run.result) onEnd(run, turn.result)
    }
    return turn
  }
}
