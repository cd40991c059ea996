import type { Outcome } from '@opifer/core'
import type { RedisClient } from '@opifer/platform/redis'
import { INDEX } from '../indexes.ts'
import { indexKey } from '../keys.ts'
import type { RunQuery } from './query.ts'

/** Indexes that together hold every run a query can match. */
export type Plan = readonly string[]

type TimeRange = Pick<RunQuery, 'from' | 'to'>

/** Picks the most selective plan: the one with the fewest runs to test. */
export async function planQuery(redis: RedisClient, base: string, query: RunQuery): Promise<Plan> {
  const plans = plansOf(query)
  if (plans.length <= 1) return plans[0] ?? [INDEX.all]
  const sized = await Promise.all(plans.map(async (plan) => ({ plan, size: await sizeOf(redis, base, plan, query) })))
  return sized.reduce((best, one) => (one.size < best.size ? one : best)).plan
}

/** Counts the runs that match a query; undefined if its indexes don't decide that without a look at each run. */
export async function countRuns(redis: RedisClient, base: string, query: RunQuery): Promise<number | undefined> {
  const { from, to, ...rest } = query
  const [part, ...others] = Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (others.length > 0 || (part !== undefined && !EXACT.has(part))) return undefined
  return sizeOf(redis, base, plansOf(query)[0] ?? [INDEX.all], { from, to })
}

/** Query parts whose indexes hold the matching runs and no others. */
const EXACT: ReadonlySet<string> = new Set(['outcomes', 'alertname', 'alertId'] satisfies (keyof RunQuery)[])

/** Each of them would do. */
function plansOf({ outcomes, alertname, matchers = [], operario, alertId }: RunQuery): Plan[] {
  const plans: Plan[] = []
  if (alertId !== undefined) plans.push([INDEX.alert(alertId)])
  if (alertname !== undefined) plans.push([INDEX.alertname(alertname)])
  for (const { name, op, value } of matchers) {
    if (name === 'alertname' && op === '=' && value !== '') plans.push([INDEX.alertname(value)])
  }
  if (operario !== undefined) {
    const ended = INDEX.operario(operario)
    plans.push(outcomes && !outcomes.includes('running') ? [ended] : [INDEX.open, ended])
  }
  if (outcomes) plans.push(outcomePlan(outcomes))
  return plans
}

/** Reads `open` first: a run that ends between two reads is then found twice rather than missed. */
function outcomePlan(outcomes: readonly (Outcome | 'running')[]): Plan {
  const ended = outcomes.filter((outcome) => outcome !== 'running').map(INDEX.outcome)
  return [...(outcomes.includes('running') ? [INDEX.open] : []), ...new Set(ended)]
}

async function sizeOf(redis: RedisClient, base: string, plan: Plan, { from, to }: TimeRange): Promise<number> {
  const bounds = [from ?? '-inf', to === undefined ? '+inf' : `(${to}`] as const
  const sizes = await Promise.all(plan.map((index) => redis.zcount(indexKey(base, index), ...bounds)))
  return sizes.reduce((sum, size) => sum + size, 0)
}
