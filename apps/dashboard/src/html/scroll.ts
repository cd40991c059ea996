import { type Html, html } from './html.ts'

/** A part that may be wider than its place: it scrolls by itself, also for who has a keyboard alone. */
export function scroll(name: string, content: Html): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}">${content}</div>`
}
