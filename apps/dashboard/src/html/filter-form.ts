import { html } from 'hono/html'
import { type Filter, type FilterError, type FilterInput, filterSearch, isEmpty, RANGES } from '../runs/filter.ts'
import { OUTCOME_ORDER } from '../runs/format.ts'
import { type Html, stateLabel } from './elements.ts'

/** The form above the list of runs. It submits with GET, so a list can be shared by its URL. */
export function filterForm({ input, errors }: Filter): Html {
  const errorOf = (name: FilterError['field']) => errors.find((error) => error.field === name)?.message
  return html`<form class="panel filter" method="get" action="/runs" role="search" aria-label="Runs">
    ${field({ name: 'q', label: 'Text', className: 'f-text', value: input.q, type: 'search', placeholder: 'labels, annotations, reason, Job, ids', error: errorOf('q') })}
    ${field({ name: 'alertname', label: 'Alertname', className: 'f-alertname', value: input.alertname, type: 'text', placeholder: 'DiskSpaceLow', error: errorOf('alertname') })}
    ${field({ name: 'match', label: 'Label matchers', className: 'f-match', value: input.match, type: 'text', placeholder: 'severity="critical", instance=~"web.*"', mono: true, error: errorOf('match') })}
    ${outcomes(input, errorOf('outcome'))}
    ${choice({
      name: 'status',
      label: 'Status',
      value: input.status,
      options: [
        ['', 'any'],
        ['firing', 'firing'],
        ['resolved', 'resolved'],
      ],
    })}
    ${choice({ name: 'range', label: 'Received', value: input.range, options: [['', 'any time'], ...ranges(input.range)] })}
    ${field({ name: 'from', label: 'From (UTC)', className: 'f-from', value: localTime(input.from), type: 'datetime-local', error: errorOf('from') })}
    ${field({ name: 'to', label: 'To (UTC)', className: 'f-to', value: localTime(input.to), type: 'datetime-local', error: errorOf('to') })}
    <div class="f-buttons">
      ${!isEmpty(input) && html`<a class="button" href="/runs">Clear</a>`}
      <button class="button primary">Filter</button>
    </div>
    ${linkedFilters(input)}
  </form>`
}

interface Field {
  name: keyof FilterInput
  label: string
  className: string
  value: string
  type: 'text' | 'search' | 'datetime-local'
  placeholder?: string
  mono?: boolean
  error: string | undefined
}

function field({ name, label, className, value, type, placeholder = '', mono, error }: Field): Html {
  const invalid = error === undefined ? '' : html` aria-invalid="true" aria-describedby="f-${name}-error"`
  return html`<div class="field ${className}">
    <label for="f-${name}">${label}</label>
    <input id="f-${name}" name="${name}" type="${type}" value="${value}" placeholder="${placeholder}"${invalid} class="${mono ? 'mono' : ''}" autocomplete="off" spellcheck="false">
    ${error !== undefined && html`<span class="field-error" id="f-${name}-error">${error}</span>`}
  </div>`
}

interface Choice {
  name: keyof FilterInput
  label: string
  value: string
  options: readonly (readonly [value: string, name: string])[]
}

function choice({ name, label, value, options }: Choice): Html {
  return html`<div class="field f-range">
    <label for="f-${name}">${label}</label>
    <select id="f-${name}" name="${name}">${options.map(
      ([option, text]) => html`<option value="${option}"${option === value ? html` selected` : ''}>${text}</option>`,
    )}</select>
  </div>`
}

/** The presets, plus a custom range from the URL. */
function ranges(input: string): (readonly [string, string])[] {
  const all: string[] = [...RANGES]
  if (input !== '' && !all.includes(input)) all.push(input)
  return all.map((range) => [range, `last ${range}`])
}

function outcomes({ outcome: chosen }: FilterInput, error: string | undefined): Html {
  const all = ['running', ...OUTCOME_ORDER] as const
  return html`<fieldset class="f-outcome">
    <legend>Outcome</legend>
    <div class="choices">${all.map(
      (name) =>
        html`<label class="choice o-${name}"><input type="checkbox" name="outcome" value="${name}"${chosen.includes(name) ? html` checked` : ''}>${stateLabel(name)}</label>`,
    )}</div>
    ${error !== undefined && html`<span class="field-error">${error}</span>`}
  </fieldset>`
}

const LINKED = { group: 'group key', operario: 'Operario', alert: 'alert' } as const

/** Filters that come from links and have no field: they are kept as removable tags. */
function linkedFilters(input: FilterInput): Html {
  const names = (Object.keys(LINKED) as (keyof typeof LINKED)[]).filter((name) => input[name] !== '')
  if (names.length === 0) return html``
  return html`<div class="linked-filters">${names.map(
    (name) => html`<input type="hidden" name="${name}" value="${input[name]}">
      <a class="tag" href="/runs${filterSearch({ ...input, [name]: '' })}" title="Remove this filter"><b>${LINKED[name]}:</b> ${input[name]} <span aria-hidden="true">×</span></a>`,
  )}</div>`
}

/** In UTC and without a zone, as `datetime-local` requires. */
function localTime(text: string): string {
  const at = Date.parse(/[Zz]|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(at) ? '' : new Date(at).toISOString().slice(0, 16)
}
