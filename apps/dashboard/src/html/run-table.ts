import { labelsOf, nameOf, type ShownRun, stateOf, took } from '../runs/shown-run.ts'
import { type Html, html } from './html.ts'
import { labelTags } from './labels.ts'
import { outcome } from './outcome.ts'
import { age, lasting } from '../runs/format.ts'

const LABELS_IN_A_ROW = 4

/** Runs as a table; on a narrow screen each becomes a card. */
export function runTable(runs: readonly ShownRun[], now: number): Html {
  return html`<table class="runs cards">
    <thead><tr>
      <th scope="col">Outcome</th>
      <th scope="col">Alert</th>
      <th scope="col">Job, or why there is none</th>
      <th scope="col" class="number">Received</th>
      <th scope="col" class="number">Took</th>
      <th scope="col" class="number">Repeats</th>
    </tr></thead>
    <tbody>${runs.map((run) => row(run, now))}</tbody>
  </table>`
}

function row(shown: ShownRun, now: number): Html {
  const { id, run, repeats } = shown
  const duration = took(shown)
  return html`<tr data-run="${id}">
    <td>${outcome(stateOf(shown))}</td>
    <td class="c-alert">
      <a class="name" href="${runHref(id)}">${nameOf(shown)}</a> <span class="status">${run.alert.status} · ${labelCount(shown)}</span>
      ${labelTags(labelsOf(shown), LABELS_IN_A_ROW)}
    </td>
    <td class="c-job">${work(shown)}</td>
    <td class="number c-received">${age(run.receivedAt, now)}</td>
    <td class="number nowrap" data-head="took">${duration === undefined ? '–' : lasting(duration)}</td>
    <td class="number ${repeats === 0 ? 'zero muted' : ''}" data-head="repeats">${repeats}</td>
  </tr>`
}

function labelCount(shown: ShownRun): string {
  const count = Object.keys(labelsOf(shown)).length
  return count === 1 ? '1 label' : `${count} labels`
}

/** What was done, and what came of it where that was not as it should be. */
function work({ job, result, errors }: ShownRun): Html {
  const lastError = errors.at(-1)?.message
  const why = result ? (result.outcome === 'succeeded' ? undefined : result.reason) : lastError
  return html`
    ${job && html`<div class="mono cut" title="${job.namespace}/${job.name}">${job.name}</div>`}
    ${why && html`<div class="reason">${why}</div>`}
    ${!job && !why && html`<span class="muted">not yet</span>`}`
}

export function runHref(id: string): string {
  return `/runs/${encodeURIComponent(id)}`
}
