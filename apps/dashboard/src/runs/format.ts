import type { Outcome } from '@opifer/core'
import type { RunState } from './shown-run.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `2026-11-24 03:12:07`, in UTC. */
export function utc(ms: number): string {
  return iso(ms).slice(0, 19).replace('T', ' ')
}

/** RFC 3339. A number outside the range of `Date` becomes the epoch. */
export function iso(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString()
}

/** `2 h 5 min`: the two largest units at most. */
export function duration(ms: number): string {
  if (ms < 0) return '0 ms'
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  if (ms < HOUR) return twoUnits(ms, [MINUTE, 'min'], [SECOND, 's'])
  return ms < 2 * DAY ? twoUnits(ms, [HOUR, 'h'], [MINUTE, 'min']) : twoUnits(ms, [DAY, 'd'], [HOUR, 'h'])
}

/** For times of Kubernetes objects, which are in whole seconds. */
export function wholeSeconds(ms: number): string {
  return ms < SECOND ? '< 1 s' : duration(ms)
}

type Unit = [size: number, name: string]

function twoUnits(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}

/** `3 min ago`. `age` in app.js must produce the same text. */
export function ago(ms: number, now: number): string {
  const past = Math.max(0, now - ms)
  if (past < MINUTE) return `${Math.floor(past / SECOND)} s ago`
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min ago`
  return past < 48 * HOUR ? `${Math.floor(past / HOUR)} h ago` : `${Math.floor(past / DAY)} d ago`
}

export function count(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(1)
}

/** `1 run`, `2 runs`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** A rate from 0 to 1. Only a rate of exactly 1 is 100 %. */
export function percent(rate: number): string {
  return `${rate < 1 ? Math.min(99, Math.round(rate * 100)) : 100} %`
}

/** Tooltips of the run states. */
export const MEANING: Readonly<Record<RunState, string>> = {
  succeeded: 'the Job completed',
  failed: 'the Job failed',
  unmatched: 'no Operario matches the alert',
  disabled: 'the ConfigMap is labeled as disabled',
  superseded: 'the alert resolved before its Job was created, or another run had just handled it',
  expired: 'the alert was too old to act on before its Job could be created',
  invalid: 'the alert, the Operario or the Job built from them can never work',
  lost: 'the Job was deleted before its result was seen',
  cancelled: 'an operator cancelled the run',
  running: 'in progress',
  waiting: 'queued until a worker is free',
}

/** Outcomes that an operator should look into. */
export const BAD_OUTCOMES: ReadonlySet<Outcome> = new Set<Outcome>(['failed', 'invalid', 'lost', 'expired'])

/** Best first, neutral ones last: the order in plots and legends. */
export const OUTCOME_ORDER: readonly Outcome[] = [
  'succeeded',
  'failed',
  'invalid',
  'lost',
  'expired',
  'cancelled',
  'superseded',
  'unmatched',
  'disabled',
]
