import { count, duration, plot, type Plot } from '../chart.ts'
import { type Html, html } from '../html.ts'
import { icon } from '../elements.ts'
import { OUTCOME_ORDER } from '../outcome.ts'
import { scroll } from '../scroll.ts'
import { runHref } from '../run-table.ts'
import { age, ago, lasting } from '../../runs/format.ts'
import type { Health } from '../../runs/health.ts'
import { type OverviewView, SPANS } from '../../runs/overview-view.ts'
import { quantile } from '../../runs/quantile.ts'

/** How it goes, in words first. */
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
  return html`<nav class="tabs" aria-label="How far back">${Object.entries(SPANS).map(
    ([key, { name }]) => html`<a href="/?span=${key}"${key === span ? html` aria-current="true"` : ''}>${name}</a>`,
  )}</nav>`
}

function state({ wrong, notes, members: all }: Health): Html {
  const workers = all.filter(({ app }) => app === 'worker').length
  if (wrong.length + notes.length === 0) {
    const there = workers === 1 ? 'one worker is' : `${workers} workers are`
    return html`<section class="state well" aria-labelledby="state-title">${icon('well')}<div>
      <h2 id="state-title">Everything is well</h2><p>Redis answers, ${there} there, and no run waits long.</p>
    </div></section>`
  }
  const title = wrong.length > 0 ? 'Alerts are not dealt with as they should be' : 'Something needs to be seen to'
  return html`<section class="state ${wrong.length > 0 ? 'wrong' : 'notes'}" aria-labelledby="state-title">${icon('warning')}<div>
    <h2 id="state-title">${title}</h2><ul>${[...wrong, ...notes].map((words) => html`<li>${words}</li>`)}</ul>
  </div></section>`
}

function figures({ health: { waiting }, open, ended, succeeded, failed, toJob, now }: OverviewView): Html {
  return html`<dl class="figures">
    ${figure('Runs ended', count(ended), `${count(succeeded)} succeeded, ${count(failed)} went wrong`)}
    ${figure('Not over', count(open), open === 0 ? 'nothing runs now' : html`<a href="/runs?outcome=running">see them</a>`)}
    ${figure('Wait for a worker', count(waiting.count), oldestWaiting(waiting, now))}
    ${figure('Alert to Job, median', toJob.median === null ? '–' : lasting(toJob.median), toJob.p95 === null ? 'no Jobs' : `95 of 100 within ${lasting(toJob.p95)}`)}
  </dl>`
}

function oldestWaiting({ count: all, oldest }: Health['waiting'], now: number): Html | string {
  if (oldest) return html`the oldest <a href="${runHref(oldest.id)}">came ${age(oldest.receivedAt, now)}</a>`
  return all === 0 ? 'none' : 'for another turn'
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
    colour: `o-${outcome}`,
    values: view.stats.map(({ outcomes }) => outcomes[outcome] ?? 0),
  }))
  return {
    id: 'outcomes',
    title: 'Runs by outcome',
    note: `each ${lasting(view.stepMs)}, last ${name}`,
    kind: 'bars',
    ...stepsOf(view),
    series: all.filter(({ values }) => values.some((value) => value > 0)),
    format: count,
    none: 'No run ended in this time.',
  }
}

function toJobPlot(view: OverviewView, name: string): Plot {
  return {
    id: 'to-job',
    title: 'Time from alert to Job',
    note: `each ${lasting(view.stepMs)}, last ${name}`,
    kind: 'curves',
    ...stepsOf(view),
    series: [
      { name: 'median', colour: 'o-running', values: view.stats.map(({ toJob }) => quantile(toJob, 0.5)) },
      {
        name: '95 of 100',
        colour: 'o-expired',
        second: true,
        values: view.stats.map(({ toJob }) => quantile(toJob, 0.95)),
      },
    ],
    format: duration,
    none: 'No Job was created in this time.',
  }
}

function depthPlot(view: OverviewView, name: string): Plot {
  const of = (pick: (sample: NonNullable<OverviewView['depth'][number]>) => number) =>
    view.depth.map((sample) => (sample ? pick(sample) : null))
  return {
    id: 'depth',
    title: 'Queue depth',
    note: `last sample of each ${lasting(view.stepMs)}, last ${name}`,
    kind: 'curves',
    ...stepsOf(view),
    series: [
      { name: 'wait for a worker', colour: 'o-running', values: of(({ waiting }) => waiting) },
      { name: 'with a worker', colour: 'o-succeeded', values: of(({ active }) => active) },
      {
        name: 'wait for their Job or a retry',
        colour: 'o-expired',
        second: true,
        values: of(({ delayed }) => delayed),
      },
    ],
    format: count,
    none: 'The queue was empty whenever it was looked at.',
  }
}

const SHOWN_OPERARIOS = 5

function operarios({ operarios: all }: OverviewView, name: string): Html {
  return html`<section class="panel" aria-labelledby="rates-title">
    <div class="panel-head"><h2 id="rates-title">Success by Operario</h2><span class="small muted">last ${name}</span></div>
    ${
      all.length === 0
        ? html`<p class="plot-none">No Operario ran in this time.</p>`
        : html`<table class="rates">
      <thead><tr><th scope="col">Operario</th><th scope="col"><span class="hidden">Share</span></th><th scope="col" class="number">Succeeded</th><th scope="col" class="number">Runs</th></tr></thead>
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

/** Without the namespace and the key, which say little more. */
function shortName(operario: string): string {
  return operario.split('/')[1] ?? operario
}

function share(rate: number): Html {
  return html`<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="part o-failed" width="100" height="8"/><rect class="part o-succeeded" width="${Math.round(rate * 100)}" height="8"/></svg>`
}

/** Nothing that ever failed is 100 %. */
export function percent(rate: number): string {
  return `${rate < 1 ? Math.min(99, Math.round(rate * 100)) : 100} %`
}

function members({ health, now }: OverviewView): Html {
  if (health.members.length === 0) return html``
  return html`<details class="panel unfold" id="members"><summary><h2>Processes (${health.members.length})</h2></summary>
    ${scroll(
      'Processes',
      html`<table>
      <thead><tr><th scope="col">Program</th><th scope="col">Host</th><th scope="col" class="number">Process</th><th scope="col">Version</th><th scope="col">Up since</th></tr></thead>
      <tbody>${health.members
        .toSorted((a, b) => a.app.localeCompare(b.app) || a.startedAt - b.startedAt)
        .map(
          ({ app, host, pid, version, startedAt }) =>
            html`<tr><td>${app}</td><td class="mono">${host}</td><td class="number">${pid}</td><td>${version}</td><td>${ago(startedAt, now)}</td></tr>`,
        )}</tbody>
    </table>`,
    )}</details>`
}
