import { html, raw } from 'hono/html'
import { ago, iso, MEANING, utc } from '../runs/format.ts'
import type { RunState } from '../runs/shown-run.ts'

/** A fragment of a page. `html` escapes every value in it. */
export type Html = ReturnType<typeof html>

/** Drawn on a 16 × 16 grid. */
const ICONS = {
  succeeded: 'M3.5 8.5l3 3 6-7',
  failed: 'M4 4l8 8M12 4l-8 8',
  invalid: 'M8 3.5v5.5M8 12.2v.1',
  lost: 'M5.8 6.2a2.2 2.2 0 1 1 3.3 1.9c-.8.4-1.1.9-1.1 1.7M8 12.4v.1',
  expired: 'M4.5 3h7M4.5 13h7M5.5 3c0 3 5 4 5 10M10.5 3c0 3-5 4-5 10',
  superseded: 'M3 5.5h6.5a3 3 0 0 1 0 6H6M3 5.5l2.5-2.5M3 5.5L5.5 8',
  cancelled: 'M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 8 2.8M4.4 4.4l7.2 7.2',
  unmatched: 'M3 8h3M10 8h3M7.2 5.5l1.6 5',
  disabled: 'M6 4v8M10 4v8',
  running: 'M8 2.8a5.2 5.2 0 1 1-5.2 5.2',
  waiting: 'M8 2.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 8 2.8M8 5.2V8l2 1.6',
  healthy: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M5.2 8.2l2 2 3.6-4',
  attention: 'M8 2.2l6.2 11H1.8zM8 6.4v3.2M8 11.4v.1',
  retry: 'M12.6 6.2A5 5 0 1 0 13 8.6M13 3v3.4H9.6',
  system: 'M2.5 3.5h11v7.5h-11zM6 13.5h4',
  light:
    'M8 5.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2M8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8.8M11.7 11.7l.8.8M12.5 3.5l-.8.8M4.3 11.7l-.8.8',
  dark: 'M12.9 9.6A5.3 5.3 0 0 1 6.4 3.1 5.3 5.3 0 1 0 12.9 9.6',
} as const

/** Hidden from screen readers, so the text next to it must say the same. */
export function icon(name: keyof typeof ICONS): Html {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${raw(`<path d="${ICONS[name]}"/>`)}</svg>`
}

/** Icon, color and word, so that no reader depends on any one of them. */
export function stateLabel(state: RunState, badge = false): Html {
  return html`<span class="outcome o-${state} ${badge ? 'badge' : ''}" title="${MEANING[state]}">${icon(state)} ${state}</span>`
}

/** `3 min ago`. app.js keeps it current. */
export function age(ms: number, now: number): Html {
  return html`<time class="nowrap" datetime="${iso(ms)}" title="${utc(ms)} UTC" data-age>${ago(ms, now)}</time>`
}

/** Lets wide content scroll within its own box, also by keyboard. */
export function scrollable(label: string, content: Html): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${content}</div>`
}
