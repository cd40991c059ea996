import type { Outcome } from '@opifer/core'
import type { DepthSample, Stats } from '@opifer/history'
import type { DashboardDeps } from './deps.ts'
import { BAD_OUTCOMES } from './format.ts'
import { type Health, readHealth } from './health.ts'
import { merged, quantile } from './quantile.ts'

/** Time ranges of the plots, and the width of their steps. */
export const SPANS = {
  '1h': { name: '1 hour', spanMs: 3_600_000, stepMs: 300_000 },
  '6h': { name: '6 hours', spanMs: 6 * 3_600_000, stepMs: 600_000 },
  '24h': { name: '24 hours', spanMs: 24 * 3_600_000, stepMs: 1_800_000 },
  '7d': { name: '7 days', spanMs: 7 * 24 * 3_600_000, stepMs: 4 * 3_600_000 },
} as const

export type Span = keyof typeof SPANS

export interface OverviewView {
  health: Health
  span: Span
  stepMs: number
  stats: Stats[]
  /** One for each of `stats`; undefined where no sample was taken. */
  depth: (DepthSample | undefined)[]
  /** Runs in progress. */
  open: number
  ended: number
  succeeded: number
  /** With any bad outcome. */
  failed: number
  /** Milliseconds from the alert to its Job. */
  toJob: { median: number | null; p95: number | null }
  operarios: { name: string; succeeded: number; failed: number }[]
  now: number
}

type Deps = Pick<DashboardDeps, 'queue' | 'presence' | 'catalogue' | 'history' | 'depth' | 'now'>

export async function readOverview(span: Span, deps: Deps): Promise<OverviewView> {
  const { spanMs, stepMs } = SPANS[span]
  const now = deps.now()
  // Aligned to whole steps, so that a column keeps its contents from one load to the next. The last step contains `now`.
  const to = Math.floor(now / stepMs) * stepMs + stepMs
  const range = { from: to - spanMs, to, step: stepMs }
  const [health, stats, samples, open] = await Promise.all([
    readHealth(deps),
    deps.history.readStats(range),
    deps.depth.read(range),
    deps.history.count({ outcomes: ['running'] }),
  ])
  const toJob = merged(stats.map((one) => one.toJob))
  return {
    health,
    span,
    stepMs,
    stats,
    depth: stats.map(({ at }) => samples.findLast((sample) => sample.at >= at && sample.at < at + stepMs)),
    open: open ?? 0,
    ended: sum(stats, Object.keys),
    succeeded: sum(stats, () => ['succeeded']),
    failed: sum(stats, () => [...BAD_OUTCOMES]),
    toJob: { median: quantile(toJob, 0.5), p95: quantile(toJob, 0.95) },
    operarios: byOperario(stats),
    now,
  }
}

function sum(stats: readonly Stats[], which: (outcomes: Stats['outcomes']) => readonly string[]): number {
  return stats.reduce(
    (total, { outcomes }) => total + which(outcomes).reduce((all, name) => all + (outcomes[name as Outcome] ?? 0), 0),
    0,
  )
}

/** Most failures first. */
function byOperario(stats: readonly Stats[]): OverviewView['operarios'] {
  const totals = new Map<string, { succeeded: number; failed: number }>()
  for (const { operarios } of stats) {
    for (const [name, outcomes] of operarios) {
      const total = totals.get(name) ?? { succeeded: 0, failed: 0 }
      total.succeeded += outcomes.succeeded ?? 0
      total.failed += outcomes.failed ?? 0
      totals.set(name, total)
    }
  }
  const all = [...totals]
    .map(([name, total]) => ({ name, ...total }))
    .filter(({ succeeded, failed }) => succeeded + failed > 0)
  return all.sort((a, b) => b.failed - a.failed || b.succeeded - a.succeeded)
}
