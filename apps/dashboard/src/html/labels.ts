import type { LabelSet } from '@opifer/core'
import { type Html, html } from './html.ts'

/** How a label is written as a matcher. */
export function matcherText(name: string, value: string): string {
  return `${/^[a-zA-Z_:][\w:]*$/.test(name) ? name : quoted(name)}=${quoted(value)}`
}

/** With the escapes that Alertmanager knows, which are fewer than JSON's. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** Where all runs are whose alert has this label. */
export function labelHref(name: string, value: string): string {
  const search = name === 'alertname' ? { alertname: value } : { match: matcherText(name, value) }
  return `/runs?${new URLSearchParams(search).toString()}`
}

/** The first few labels, each a way to the runs that share it. */
export function labelTags(labels: LabelSet, most: number): Html {
  const all = Object.entries(labels).filter(([name]) => name !== 'alertname')
  const shown = all.sort(([a], [b]) => rank(a) - rank(b)).slice(0, most)
  return html`<div class="labels">
    ${shown.map(
      ([name, value]) =>
        html`<a class="tag" href="${labelHref(name, value)}" title="${name}=${value}"><b>${name}=</b>${value}</a>`,
    )}
  </div>`
}

/** What tells most about an alert comes first; the others stay as they came. */
const FIRST = ['severity', 'instance', 'namespace', 'job', 'cluster']

function rank(name: string): number {
  const index = FIRST.indexOf(name)
  return index === -1 ? FIRST.length : index
}

/** Every label or annotation, one a row. */
export function labelTable(entries: LabelSet, href?: (name: string, value: string) => string): Html {
  const rows = Object.entries(entries)
  return html`<dl class="label-table ${rows.length > 8 ? '' : 'few'}">
    ${rows.map(
      ([name, value]) =>
        html`<div><dt>${name}</dt><dd>${href ? html`<a href="${href(name, value)}">${value || '""'}</a>` : linked(value)}</dd></div>`,
    )}
  </dl>`
}

/** A value that is a web address as a whole becomes a link that nothing follows by itself; all else stays text. */
export function linked(value: string): Html {
  return isWebAddress(value)
    ? html`<a href="${value}" rel="noopener noreferrer nofollow" target="_blank">${value}</a>`
    : html`${value}`
}

function isWebAddress(value: string): boolean {
  return /^https?:\/\//i.test(value) && URL.canParse(value)
}
