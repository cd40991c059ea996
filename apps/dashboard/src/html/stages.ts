import { html } from 'hono/html'
import { duration, iso, utc } from '../runs/format.ts'
import { type ShownRun, stateOf } from '../runs/shown-run.ts'
import { timeline } from '../runs/timeline.ts'
import type { Html } from './elements.ts'

/** The timeline of a run: each stage with its time and the time since the previous one. */
export function stages(shown: ShownRun): Html {
  const all = timeline(shown)
  const day = utc(shown.run.receivedAt).slice(0, 10)
  return html`<ol class="timeline">${all.map(({ kind, what, detail, at, after, inSeconds }, index) => {
    const isEnd = shown.result !== undefined && index === all.length - 1
    return html`<li class="${kind} ${isEnd ? `o-${stateOf(shown)}` : ''}">
      <span class="dot" aria-hidden="true"></span>
      <div class="what">${what}</div>
      <div class="when">${after !== undefined && html`<b>${elapsed(after, inSeconds)}</b> `}${at !== undefined && clock(at, day)}</div>
      ${detail && html`<div class="detail small muted anywhere">${detail}</div>`}
    </li>`
  })}</ol>`
}

function elapsed(ms: number, inSeconds = false): string {
  return inSeconds && ms < 1_000 ? '< 1 s' : `+${duration(ms)}`
}

/** Leaves out the date on the day the alert was received. */
function clock(at: number, day: string): Html {
  const text = utc(at)
  return html`<time datetime="${iso(at)}">${text.startsWith(day) ? text.slice(11) : text}</time>`
}
