import { type Html, html } from '../html.ts'
import { MEANING, outcome } from '../outcome.ts'
import { runHref } from '../run-table.ts'
import { age, lastingSeconds, utc } from '../../runs/format.ts'
import { type OperariosView, type OperarioView, RECENT_RUNS, type UnmatchedView } from '../../runs/operarios-view.ts'
import { operarioId, stateOf } from '../../runs/shown-run.ts'
import { percent } from './overview.ts'

/** The recipes that the workers know, how they do, and what is missing. */
export function operariosPage({ operarios, more, unmatched }: OperariosView, now: number): Html {
  return html`<div class="page-head"><h1>Operarios</h1><p class="small muted">Figures are of the last ${RECENT_RUNS} runs of each.</p></div>
<div id="operarios" data-live>
  <section class="panel" aria-label="Operarios that the workers know">
    ${operarios.length === 0 ? none() : table(operarios, now)}
    ${more > 0 && html`<p class="pager muted">and ${more} more, which are not shown</p>`}
  </section>
  <section class="panel" aria-labelledby="unmatched-title">
    <div class="panel-head"><h2 id="unmatched-title">Alerts that came without an Operario</h2></div>
    ${unmatched.length === 0 ? html`<p class="empty">Every alert that came lately had one.</p>` : missing(unmatched, now)}
  </section>
</div>`
}

function none(): Html {
  return html`<div class="empty"><strong>No Operario is known</strong>
    <p>A worker tells of the ConfigMaps that it finds by its label selector. A ConfigMap <code>openfero-&lt;alertname&gt;-firing</code> with label <code>app: openfero</code> appears here within seconds.</p></div>`
}

function table(all: readonly OperarioView[], now: number): Html {
  return html`<table class="cards">
    <thead><tr>
      <th scope="col">ConfigMap and key</th><th scope="col">State</th><th scope="col">Last runs</th>
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
      <a class="name anywhere" href="/runs?${new URLSearchParams({ operario: operarioId(one) })}">${configMap}</a>
      <div class="small muted anywhere">${key}${image && html` · <span class="mono">${image}</span>`}</div>
    </th>
    <td class="wide">${state(one)}</td>
    <td>${strip(one)}</td>
    <td class="number nowrap" data-head="success">${successRate === undefined ? '–' : percent(successRate)}</td>
    <td class="number nowrap" data-head="median">${medianMs === undefined ? '–' : lastingSeconds(medianMs)}</td>
    <td class="number" data-head="last run">${last ? age(last.run.receivedAt, now) : html`<span class="muted">never</span>`}</td>
  </tr>`
}

function state({ problem, disabled }: OperarioView): Html {
  if (problem !== undefined) return html`${outcome('invalid')}<div class="small anywhere">${problem}</div>`
  return disabled ? html`${outcome('disabled')}` : html`<span class="muted">ready</span>`
}

/** The last runs as marks, the newest to the right; each says in words what it stands for. */
function strip({ runs }: OperarioView): Html {
  if (runs.length === 0) return html`<span class="muted">none</span>`
  return html`<div class="strip">${runs.toReversed().map((run) => {
    const how = stateOf(run)
    const words = `${how}, ${utc(run.run.receivedAt)}`
    return html`<a class="o-${how} ${how === 'succeeded' ? '' : 'bad'}" href="${runHref(run.id)}" title="${words}: ${MEANING[how]}"><span class="hidden">${words}</span></a>`
  })}</div>`
}

function missing(all: readonly UnmatchedView[], now: number): Html {
  return html`<table class="cards">
    <thead><tr><th scope="col">Alert</th><th scope="col">A ConfigMap that would match</th><th scope="col" class="number">Times</th><th scope="col" class="number">Last</th></tr></thead>
    <tbody>${all.map(
      ({ alertname, status, count, lastAt, lastId, wouldMatch }) => html`<tr>
        <th scope="row" class="wide anywhere"><a class="name" href="/runs?${new URLSearchParams({ alertname, outcome: 'unmatched' })}">${alertname}</a> <span class="status">${status}</span></th>
        <td class="wide anywhere">${wouldMatch ? html`<code>${wouldMatch.configMap}</code>, key <code>${wouldMatch.key}</code>` : html`<span class="muted">none can: the name is too long</span>`}</td>
        <td class="number" data-head="times">${count}</td>
        <td class="number" data-head="last"><a href="${runHref(lastId)}">${age(lastAt, now)}</a></td>
      </tr>`,
    )}</tbody>
  </table>`
}
