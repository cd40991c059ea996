import type { LabelSet } from '@opifer/core'
import { html } from 'hono/html'
import type { Html } from './elements.ts'

/** A label as a matcher that selects it. */
export function matcherText(name: string, value: string): string {
  return `${/^[a-zA-Z_:][\w:]*$/.test(name) ? name : quoted(name)}=${quoted(value)}`
}

/** With Alertmanager's escapes, which are fewer than JSON's. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** The list of runs whose alert has this label. */
export function labelHref(name: string, value: string): string {
  const search = name === 'alertname' ? { alertname: value } : { match: matcherText(name, value) }
  return `/runs?${new URLSearchParams(search).toString()}`
}

/** The most important labels, each a link to the runs that share it. */
export function labelTags(labels: LabelSet, max: number): Html {
  const all = Object.entries(labels).filter(([name]) => name !== 'alertname')
  const shown = all.sort(([a], [b]) => rank(a) - rank(b)).slice(0, max)
  return html`<div class="labels">
    ${shown.map(
      ([name, value]) =>
        html`<a class="tag" href="${labelHref(name, value)}" title="${name}=${value}"><b>${name}=</b>${value}</a>`,
    )}
  </div>`
}

/** Labels to show first; the others keep their order. */
const FIRST = ['severity', 'instance', 'namespace', 'job', 'cluster']

function rank(name: string): number {
  const index = FIRST.indexOf(name)
  return index === -1 ? FIRST.length : index
}

/** All labels, one per row. */
export function labelTable(entries: LabelSet, href?: (name: string, value: string) => string): Html {
  const rows = Object.entries(entries)
  return html`<dl class="label-table ${rows.length > 8 ? '' : 'few'}">
    ${rows.map(
      ([name, value]) =>
        html`<div><dt>${name}</dt><dd>${href ? html`<a href="${href(name, value)}">${value || '""'}</a>` : linked(value)}</dd></div>`,
    )}
  </dl>`
}

/** A value that is an http or https URL as a whole becomes a link; everything else stays text. */
export function linked(value: string): Html {
  return isWebAddress(value)
    ? html`<a href="${value}" rel="noopener noreferrer nofollow" target="_blank">${value}</a>`
    : html`${value}`
}

function isWebAddress(value: string): boolean {
  return /^https?:\/\//i.test(value) && URL.canParse(value)
}
