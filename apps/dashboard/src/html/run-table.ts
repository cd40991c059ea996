import { html } from 'hono/html'
import { counted, duration } from '../runs/format.ts'
import { labelsOf, nameOf, type ShownRun, stateOf, totalDuration } from '../runs/shown-run.ts'
import { age, type Html, stateLabel } from './elements.ts'
import { labelTags } from './labels.ts'

const LABELS_PER_ROW = 4

/** Runs as a table. On narrow screens each row becomes a card. */
export function runTable(runs: readonly ShownRun[], now: number): Html {
  return html`<table class="runs cards">
    <thead><tr>
      <th scope="col">Outcome</th>
      <th scope="col">Alert</th>
      <th scope="col">Job and reason</th>
      <th scope="col" class="number">Received</th>
      <th scope="col" class="number">Duration</th>
      <th scope="col" class="number">Repeats</th>
    </tr></thead>
    <tbody>${runs.map((run) => row(run, now))}</tbody>
  </table>`
}

function row(shown: ShownRun, now: number): Html {
  const { id, run, repeats } = shown
  const total = totalDuration(shown)
  const labels = labelsOf(shown)
  return html`<tr data-run="${id}">
    <td>${stateLabel(stateOf(shown))}</td>
    <td class="c-alert">
      <a class="name" href="${runHref(id)}">${nameOf(shown)}</a> <span class="status">${run.alert.status} · ${counted(Object.keys(labels).length, 'label')}</span>
      ${labelTags(labels, LABELS_PER_ROW)}
    </td>
    <td class="c-job">${jobAndReason(shown)}</td>
    <td class="number c-received">${age(run.receivedAt, now)}</td>
    <td class="number nowrap" data-head="duration">${total === undefined ? '–' : duration(total)}</td>
    <td class="number ${repeats === 0 ? 'zero muted' : ''}" data-head="repeats">${repeats}</td>
  </tr>`
}

/** The Job, and the reason unless it succeeded; the last error while the run is in progress. */
function jobAndReason({ job, result, errors }: ShownRun): Html {
  const lastError = errors.at(-1)?.message
  const why = result ? (result.outcome === 'succeeded' ? undefined : result.reason) : lastError
  return html`
    ${job && html`<div class="mono cut" title="${job.namespace}/${job.name}">${job.name}</div>`}
    ${why && html`<div class="reason">${why}</div>`}
    ${!job && !why && html`<span class="muted">none yet</span>`}`
}

export function runHref(id: string): string {
  return `/runs/${encodeURIComponent(id)}`
}
