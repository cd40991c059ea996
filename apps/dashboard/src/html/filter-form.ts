import { type Filter, type FilterProblem, filterSearch, type GivenFilter, isEmpty, RANGES } from '../runs/filter.ts'
import { type Html, html } from './html.ts'
import { OUTCOME_ORDER, outcome } from './outcome.ts'

/** The form over the list of runs. It asks with GET, so that the address says all there is to know of a list. */
export function filterForm({ given, problems }: Filter): Html {
  const problemOf = (name: FilterProblem['field']) => problems.find((problem) => problem.field === name)?.message
  return html`<form class="panel filter" method="get" action="/runs" role="search" aria-label="Runs">
    ${field({ name: 'q', label: 'Text', className: 'f-text', value: given.q, type: 'search', placeholder: 'in labels, annotations, reason, Job …', problem: problemOf('q') })}
    ${field({ name: 'alertname', label: 'Alertname', className: 'f-alertname', value: given.alertname, type: 'text', placeholder: 'DiskSpaceLow', problem: problemOf('alertname') })}
    ${field({ name: 'match', label: 'Label matchers', className: 'f-match', value: given.match, type: 'text', placeholder: 'severity="critical", instance=~"web.*"', mono: true, problem: problemOf('match') })}
    ${outcomes(given, problemOf('outcome'))}
    ${choice({
      name: 'status',
      label: 'Status',
      value: given.status,
      options: [
        ['', 'any'],
        ['firing', 'firing'],
        ['resolved', 'resolved'],
      ],
    })}
    ${choice({ name: 'range', label: 'Received', value: given.range, options: [['', 'any time'], ...ranges(given.range)] })}
    ${field({ name: 'from', label: 'from (UTC)', className: 'f-from', value: localTime(given.from), type: 'datetime-local', problem: problemOf('from') })}
    ${field({ name: 'to', label: 'to (UTC)', className: 'f-to', value: localTime(given.to), type: 'datetime-local', problem: problemOf('to') })}
    <div class="f-buttons">
      ${!isEmpty(given) && html`<a class="button" href="/runs">Clear</a>`}
      <button class="button primary">Filter</button>
    </div>
    ${kept(given)}
  </form>`
}

interface Field {
  name: keyof GivenFilter
  label: string
  className: string
  value: string
  type: 'text' | 'search' | 'datetime-local'
  placeholder?: string
  mono?: boolean
  problem: string | undefined
}

function field({ name, label, className, value, type, placeholder = '', mono, problem }: Field): Html {
  const wrong = problem === undefined ? '' : html` aria-invalid="true" aria-describedby="f-${name}-problem"`
  return html`<div class="field ${className}">
    <label for="f-${name}">${label}</label>
    <input id="f-${name}" name="${name}" type="${type}" value="${value}" placeholder="${placeholder}"${wrong} class="${mono ? 'mono' : ''}" autocomplete="off" spellcheck="false">
    ${problem !== undefined && html`<span class="field-problem" id="f-${name}-problem">${problem}</span>`}
  </div>`
}

interface Choice {
  name: keyof GivenFilter
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

/** The usual ones, and the one that was asked for should it be another. */
function ranges(given: string): (readonly [string, string])[] {
  const all: string[] = [...RANGES]
  if (given !== '' && !all.includes(given)) all.push(given)
  return all.map((range) => [range, `last ${range}`])
}

function outcomes({ outcome: chosen }: GivenFilter, problem: string | undefined): Html {
  const all = ['running', ...OUTCOME_ORDER] as const
  return html`<fieldset class="f-outcome">
    <legend>Outcome</legend>
    <div class="choices">${all.map(
      (name) =>
        html`<label class="choice o-${name}"><input type="checkbox" name="outcome" value="${name}"${chosen.includes(name) ? html` checked` : ''}>${outcome(name)}</label>`,
    )}</div>
    ${problem !== undefined && html`<span class="field-problem">${problem}</span>`}
  </fieldset>`
}

const KEPT = { group: 'group key', operario: 'Operario', alert: 'alert' } as const

/** What has no field of its own, because nobody types it: it came with a link, and stays until it is taken away. */
function kept(given: GivenFilter): Html {
  const names = (Object.keys(KEPT) as (keyof typeof KEPT)[]).filter((name) => given[name] !== '')
  if (names.length === 0) return html``
  return html`<div class="kept">${names.map(
    (name) => html`<input type="hidden" name="${name}" value="${given[name]}">
      <a class="tag" href="/runs${filterSearch({ ...given, [name]: '' })}" title="take this away"><b>${KEPT[name]}:</b> ${given[name]} <span aria-hidden="true">×</span></a>`,
  )}</div>`
}

/** A browser's field takes no zone; what is shown is UTC. */
function localTime(text: string): string {
  const at = Date.parse(/[Zz]|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(at) ? '' : new Date(at).toISOString().slice(0, 16)
}
