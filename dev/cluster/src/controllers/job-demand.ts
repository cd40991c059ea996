import { completionIndexOf, type JobTally } from './job-tally.ts'
import { completionsOf, isIndexed, type Job } from './job-types.ts'
import type { Pod } from './pod-types.ts'

export interface BackoffSettings {
  /** How long a Job waits after a pod failed before it makes the next; doubled for each further failure in a row. */
  podBackoffBaseMs: number
  podBackoffMaxMs: number
}

/** How many pods should be active now. */
export function wantedPods(job: Job, tally: JobTally): number {
  const parallelism = job.spec.parallelism ?? 1
  const completions = completionsOf(job)
  if (completions !== undefined) return Math.max(0, Math.min(completions - tally.succeeded, parallelism))
  return tally.succeeded > 0 ? tally.active.length : parallelism
}

/** The lowest completion indexes that neither succeeded nor run; for a Job without indexes so many entries of undefined. */
export function nextIndexes(job: Job, tally: JobTally, count: number): (number | undefined)[] {
  if (!isIndexed(job)) return Array.from({ length: count }, () => undefined)
  const taken = new Set([...tally.succeededIndexes, ...tally.active.map(completionIndexOf)])
  const free = Array.from({ length: completionsOf(job) ?? 0 }, (_, index) => index).filter((index) => !taken.has(index))
  return free.slice(0, count)
}

/** Completion indexes as `status.completedIndexes` writes them: three or more in a row become a range, as in `0,2-4`. */
export function formatIndexes(indexes: readonly number[]): string {
  const ranges: [first: number, last: number][] = []
  for (const index of indexes) {
    const range = ranges.at(-1)
    if (range?.[1] === index - 1) range[1] = index
    else ranges.push([index, index])
  }
  return ranges
    .map(([first, last]) => {
      if (first === last) return `${first}`
      return `${first}${last === first + 1 ? ',' : '-'}${last}`
    })
    .join(',')
}

/** Milliseconds until the next pod may be made. */
export function backoffLeft(tally: JobTally, settings: BackoffSettings & { now: Date }): number {
  if (tally.failuresInARow === 0) return 0
  const whole = Math.min(settings.podBackoffBaseMs * 2 ** (tally.failuresInARow - 1), settings.podBackoffMaxMs)
  return Math.max(0, tally.lastFailureAt + whole - settings.now.getTime())
}

/** Milliseconds until the Job's deadline; infinite without one, or before the Job started. */
export function deadlineLeft({ spec }: Job, startTime: string | undefined, now: Date): number {
  if (spec.activeDeadlineSeconds === undefined || startTime === undefined) return Infinity
  return Date.parse(startTime) + spec.activeDeadlineSeconds * 1000 - now.getTime()
}

/** The pods that a Job gives up when it wants fewer: those that have not started first. */
export function surplusPods(pods: readonly Pod[], wanted: number): Pod[] {
  const { Running: running = [], rest = [] } = Object.groupBy(pods, ({ status }) =>
    status?.phase === 'Running' ? 'Running' : 'rest',
  )
  return [...rest, ...running].slice(0, Math.max(0, pods.length - wanted))
}
