import { html } from 'hono/html'
import { ago, count, counted, duration, OUTCOME_ORDER, percent } from '../../runs/format.ts'
import type { Health } from '../../runs/health.ts'
import { type OverviewView, SPANS } from '../../runs/overview-view.ts'
import { quantile } from '../../runs/quantile.ts'
import { plot, type Plot } from '../chart.ts'
import { age, type Html, icon, scrollable } from '../elements.ts'
import { runHref } from '../run-table.ts'

/** Health first, then the key figures and the plots. */
export function overviewPage(view: OverviewView): Html {
  const { name } = SPANS[view.span]
  return html`<div class="page-head"><h1>Overview</h1>${spans(view)}</div>
<div id="overview" data-live>
  ${state(view.health)}
  ${figures(view)}
  <div class="plots">
    ${plot(outcomesPlot(view, name))}
    ${plot(toJobPlot(view, name))}
    ${plot(depthPlot(view, name))}
    ${operarios(view, name)}
  </div>
  ${members(view)}
</div>`
}

function spans({ span }: OverviewView): Html {
  return html`<nav class="tabs" aria-label="Time range">${Object.entries(SPANS).map(
    ([key, { name }]) => html`<a href="/?span=${key}"${key === span ? html` aria-current="true"` : ''}>${name}</a>`,
  )}</nav>`
}

function state({ critical, notes, members: all }: Health): Html {
  const workers = all.filter(({ app }) => app === 'worker').length
  if (critical.length + notes.length === 0) {
    return html`<section class="state healthy" aria-labelledby="state-title">${icon('healthy')}<div>
      <h2 id="state-title">All healthy</h2><p>Redis responds, ${counted(workers, 'worker')} ${workers === 1 ? 'is' : 'are'} running, and no run has waited long.</p>
    </div></section>`
  }
  const title = critical.length > 0 ? 'Alerts are not being handled properly' : 'Needs attention'
  return html`<section class="state ${critical.length > 0 ? 'critical' : 'notes'}" aria-labelledby="state-title">${icon('attention')}<div>
    <h2 id="state-title">${title}</h2><ul>${[...critical, ...notes].map((text) => html`<li>${text}</li>`)}</ul>
  </div></section>`
}

function figures({ health: { waiting }, open, ended, succeeded, failed, toJob, now }: OverviewView): Html {
  return html`<dl class="figures">
    ${figure('Finished runs', count(ended), `${count(succeeded)} succeeded, ${count(failed)} went wrong`)}
    ${figure('In progress', count(open), open === 0 ? 'none' : html`<a href="/runs?outcome=running">show runs</a>`)}
    ${figure('Waiting for a worker', count(waiting.count), oldestWaiting(waiting, now))}
    ${figure('Alert to Job, median', toJob.median === null ? '–' : duration(toJob.median), toJob.p95 === null ? 'no Jobs' : `95th percentile ${duration(toJob.p95)}`)}
  </dl>`
}

function oldestWaiting({ count: all, oldest }: Health['waiting'], now: number): Html | string {
  if (oldest) return html`the oldest <a href="${runHref(oldest.id)}">received ${age(oldest.receivedAt, now)}</a>`
  return all === 0 ? 'none' : 'for another attempt'
}

function figure(name: string, value: string, note: Html | string): Html {
  return html`<div><dt>${name}</dt><dd>${value} <small>${note}</small></dd></div>`
}

type Steps = Pick<Plot, 'steps' | 'stepMs'>

function stepsOf({ stats, stepMs }: OverviewView): Steps {
  return { steps: stats.map(({ at }) => at), stepMs }
}

function outcomesPlot(view: OverviewView, name: string): Plot {
  const all = OUTCOME_ORDER.map((outcome) => ({
    name: outcome,
    color: `o-${outcome}`,
    values: view.stats.map(({ outcomes }) => outcomes[outcome] ?? 0),
  }))
  return {
    id: 'outcomes',
    title: 'Runs by outcome',
    note: `per ${duration(view.stepMs)}, last ${name}`,
    kind: 'bars',
    ...stepsOf(view),
    series: all.filter(({ values }) => values.some((value) => value > 0)),
    format: count,
    empty: 'No run finished in this period.',
  }
}

function toJobPlot(view: OverviewView, name: string): Plot {
  return {
    id: 'to-job',
    title: 'Time from alert to Job',
    note: `per ${duration(view.stepMs)}, last ${name}`,
    kind: 'curves',
    ...stepsOf(view),
    series: [
      { name: 'median', color: 'o-running', values: view.stats.map(({ toJob }) => quantile(toJob, 0.5)) },
      {
        name: '95th percentile',
        color: 'o-expired',
        dashed: true,
        values: view.stats.map(({ toJob }) => quantile(toJob, 0.95)),
      },
    ],
    format: (ms) => (ms === 0 ? '0' : duration(ms)),
    empty: 'No Job was created in this period.',
  }
}

function depthPlot(view: OverviewView, name: string): Plot {
  const of = (pick: (sample: NonNullable<OverviewView['depth'][number]>) => number) =>
    view.depth.map((sample) => (sample ? pick(sample) : null))
  return {
    id: 'depth',
    title: 'Queue depth',
    note: `last sample per ${duration(view.stepMs)}, last ${name}`,
    kind: 'curves',
    ...stepsOf(view),
    series: [
      { name: 'waiting for a worker', color: 'o-running', values: of(({ waiting }) => waiting) },
      { name: 'active', color: 'o-succeeded', values: of(({ active }) => active) },
      {
        name: 'waiting for a Job or a retry',
        color: 'o-expired',
        dashed: true,
        values: of(({ delayed }) => delayed),
      },
    ],
    format: count,
    empty: 'The queue was empty in every sample.',
  }
}

const SHOWN_OPERARIOS = 5

function operarios({ operarios: all }: OverviewView, name: string): Html {
  return html`<section class="panel" aria-labelledby="rates-title">
    <div class="panel-head"><h2 id="rates-title">Success by Operario</h2><span class="small muted">last ${name}</span></div>
    ${
      all.length === 0
        ? html`<p class="plot-empty">No Operario ran in this period.</p>`
        : html`<table class="rates">
      <thead><tr><th scope="col">Operario</th><th scope="col"><span class="hidden">Success rate as a bar</span></th><th scope="col" class="number">Success</th><th scope="col" class="number">Runs</th></tr></thead>
      <tbody>${all.slice(0, SHOWN_OPERARIOS).map(({ name: operario, succeeded, failed }) => {
        const rate = succeeded / (succeeded + failed)
        return html`<tr>
          <th scope="row" class="anywhere"><a href="/runs?${new URLSearchParams({ operario })}">${shortName(operario)}</a></th>
          <td class="c-share">${share(rate)}</td>
          <td class="number">${percent(rate)}</td>
          <td class="number">${count(succeeded + failed)}</td>
        </tr>`
      })}</tbody>
    </table>`
    }
    ${all.length > SHOWN_OPERARIOS && html`<p class="pager"><a href="/operarios">and ${all.length - SHOWN_OPERARIOS} more</a></p>`}
  </section>`
}

/** `namespace/configmap/key` to `configmap`: the namespace and the key add little. */
function shortName(operario: string): string {
  return operario.split('/')[1] ?? operario
}

function share(rate: number): Html {
  return html`<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="part o-failed" width="100" height="8"/><rect class="part o-succeeded" width="${Math.round(rate * 100)}" height="8"/></svg>`
}

function members({ health, now }: OverviewView): Html {
  if (health.members.length === 0) return html``
  return html`<details class="panel unfold" id="members"><summary><h2>Processes (${health.members.length})</h2></summary>
    ${scrollable(
      'Processes',
      html`<table>
      <thead><tr><th scope="col">Service</th><th scope="col">Host</th><th scope="col" class="number">PID</th><th scope="col">Version</th><th scope="col">Started</th></tr></thead>
      <tbody>${health.members
        .toSorted((a, b) => a.app.localeCompare(b.app) || a.startedAt - b.startedAt)
        .map(
          ({ app, host, pid, version, startedAt }) =>
            html`<tr><td>${app}</td><td class="mono">${host}</td><td class="number">${pid}</td><td>${version}</td><td>${ago(startedAt, now)}</td></tr>`,
        )}</tbody>
    </table>`,
    )}</details>`
}
