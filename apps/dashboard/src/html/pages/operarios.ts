import { operarioName } from '@opifer/history'
import { html } from 'hono/html'
import { MEANING, percent, utc, wholeSeconds } from '../../runs/format.ts'
import { type OperariosView, type OperarioView, RECENT_RUNS, type UnmatchedView } from '../../runs/operarios-view.ts'
import { stateOf } from '../../runs/shown-run.ts'
import { age, type Html, stateLabel } from '../elements.ts'
import { runHref } from '../run-table.ts'

/** The published Operarios with their statistics, and recent alerts without one. */
export function operariosPage({ operarios, more, unmatched }: OperariosView, now: number): Html {
  return html`<div class="page-head"><h1>Operarios</h1><p class="small muted">Statistics cover the last ${RECENT_RUNS} runs of each Operario.</p></div>
<div id="operarios" data-live>
  <section class="panel" aria-label="Published Operarios">
    ${operarios.length === 0 ? none() : table(operarios, now)}
    ${more > 0 && html`<p class="pager muted">and ${more} more, not shown</p>`}
  </section>
  <section class="panel" aria-labelledby="unmatched-title">
    <div class="panel-head"><h2 id="unmatched-title">Alerts without an Operario</h2></div>
    ${unmatched.length === 0 ? html`<p class="empty">Every recent alert matched an Operario.</p>` : missing(unmatched, now)}
  </section>
</div>`
}

function none(): Html {
  return html`<div class="empty"><strong>No Operarios yet</strong>
    <p>Workers publish the ConfigMaps that match their label selector. A ConfigMap <code>openfero-&lt;alertname&gt;-firing</code> with label <code>app: openfero</code> appears here within seconds.</p></div>`
}

function table(all: readonly OperarioView[], now: number): Html {
  return html`<table class="cards">
    <thead><tr>
      <th scope="col">ConfigMap and key</th><th scope="col">State</th><th scope="col">Recent runs</th>
      <th scope="col" class="number">Success</th><th scope="col" class="number">Median</th><th scope="col" class="number">Last run</th>
    </tr></thead>
    <tbody>${all.map((one) => row(one, now))}</tbody>
  </table>`
}

function row(one: OperarioView, now: number): Html {
  const { configMap, key, image, runs, successRate, medianMs } = one
  const [last] = runs
  return html`<tr>
    <th scope="row" class="wide">
      <a class="name anywhere" href="/runs?${new URLSearchParams({ operario: operarioName(one) })}">${configMap}</a>
      <div class="small muted anywhere">${key}${image && html` · <span class="mono">${image}</span>`}</div>
    </th>
    <td class="wide">${state(one)}</td>
    <td>${strip(one)}</td>
    <td class="number nowrap" data-head="success">${successRate === undefined ? '–' : percent(successRate)}</td>
    <td class="number nowrap" data-head="median">${medianMs === undefined ? '–' : wholeSeconds(medianMs)}</td>
    <td class="number" data-head="last run">${last ? age(last.run.receivedAt, now) : html`<span class="muted">never</span>`}</td>
  </tr>`
}

function state({ problem, disabled }: OperarioView): Html {
  if (problem !== undefined) return html`${stateLabel('invalid')}<div class="small anywhere">${problem}</div>`
  return disabled ? html`${stateLabel('disabled')}` : html`<span class="muted">ready</span>`
}

/** Recent runs as colored flags, newest last, each with a text for screen readers. */
function strip({ runs }: OperarioView): Html {
  if (runs.length === 0) return html`<span class="muted">none</span>`
  return html`<div class="strip">${runs.toReversed().map((run) => {
    const outcome = stateOf(run)
    const text = `${outcome}, ${utc(run.run.receivedAt)}`
    return html`<a class="o-${outcome} ${outcome === 'succeeded' ? '' : 'bad'}" href="${runHref(run.id)}" title="${text}: ${MEANING[outcome]}"><span class="hidden">${text}</span></a>`
  })}</div>`
}

function missing(all: readonly UnmatchedView[], now: number): Html {
  return html`<table class="cards">
    <thead><tr><th scope="col">Alert</th><th scope="col">ConfigMap that would match</th><th scope="col" class="number">Count</th><th scope="col" class="number">Last received</th></tr></thead>
    <tbody>${all.map(
      ({ alertname, status, count, lastAt, lastId, wouldMatch }) => html`<tr>
        <th scope="row" class="wide anywhere"><a class="name" href="/runs?${new URLSearchParams({ alertname, outcome: 'unmatched' })}">${alertname}</a> <span class="status">${status}</span></th>
        <td class="wide anywhere">${wouldMatch ? html`<code>${wouldMatch.configMap}</code>, key <code>${wouldMatch.key}</code>` : html`<span class="muted">none: the name would be too long</span>`}</td>
        <td class="number" data-head="count">${count}</td>
        <td class="number" data-head="last"><a href="${runHref(lastId)}">${age(lastAt, now)}</a></td>
      </tr>`,
    )}</tbody>
  </table>`
}
