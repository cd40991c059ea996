import { type Html, html } from '../html/html.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `2026-11-24 03:12:07`, in UTC. */
export function utc(ms: number): string {
  return iso(ms).slice(0, 19).replace('T', ' ')
}

/** RFC 3339; what no calendar can hold becomes its beginning. */
export function iso(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString()
}

/** A length of time as people say it, with the two largest units at most. */
export function lasting(ms: number): string {
  if (ms < 0) return '0 ms'
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  if (ms < HOUR) return pair(ms, [MINUTE, 'min'], [SECOND, 's'])
  return ms < 2 * DAY ? pair(ms, [HOUR, 'h'], [MINUTE, 'min']) : pair(ms, [DAY, 'd'], [HOUR, 'h'])
}

/** A length of time of which only whole seconds are known, as of what Kubernetes tells. */
export function lastingSeconds(ms: number): string {
  return ms < SECOND ? '< 1 s' : lasting(ms)
}

type Unit = [size: number, name: string]

function pair(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}

/** `3 min ago`. The page's script brings the words up to date as time goes on. */
export function ago(ms: number, now: number): string {
  const past = Math.max(0, now - ms)
  if (past < MINUTE) return `${Math.floor(past / SECOND)} s ago`
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min ago`
  return past < 48 * HOUR ? `${Math.floor(past / HOUR)} h ago` : `${Math.floor(past / DAY)} d ago`
}

export function age(ms: number, now: number): Html {
  return html`<time class="nowrap" datetime="${iso(ms)}" title="${utc(ms)} UTC" data-age>${ago(ms, now)}</time>`
}
