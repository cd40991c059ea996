import { type Html, html } from '../html.ts'

/** In place of a page that there isn't, or that can't be had now. */
export function notFoundPage(title: string, words: Html | string): Html {
  return html`<section class="panel"><div class="empty"><h1>${title}</h1><p>${words}</p></div></section>`
}
