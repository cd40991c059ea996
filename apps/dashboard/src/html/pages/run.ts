import { isInvalid, type Outcome } from '@opifer/core'
import { operarioName } from '@opifer/history'
import { html } from 'hono/html'
import { BAD_OUTCOMES, duration, utc } from '../../runs/format.ts'
import type { RunView } from '../../runs/run-view.ts'
import { isInFlight, nameOf, type ShownRun, stateOf, totalDuration } from '../../runs/shown-run.ts'
import { aftermath } from '../../runs/timeline.ts'
import { age, type Html, icon, scrollable, stateLabel } from '../elements.ts'
import { labelHref, labelTable, linked } from '../labels.ts'
import { runHref } from '../run-table.ts'
import { stages } from '../stages.ts'

/** What the page shows besides the run. */
export interface RunPageContext {
  /** Whether the caller may retry and cancel. */
  mayAct: boolean
  /** The result of the action that led here. */
  notice: string | undefined
  now: number
}

/** One run: what Opifer did, why, and whether it helped. */
export function runPage(view: RunView, { mayAct, notice, now }: RunPageContext): Html {
  const { shown } = view
  return html`<p class="crumb"><a href="/runs">Runs</a> <span class="muted">/</span> <span class="mono muted">${shown.id}</span></p>
${notice && html`<p class="notice" role="status">${notice}</p>`}
<div id="run" data-live>
  ${head(view, mayAct)}
  <div class="columns">
    <div>
      ${result(shown)}
      ${alert(shown)}
      ${job(view)}
    </div>
    <div>
      <section class="panel" aria-labelledby="stages-title">
        <div class="panel-head"><h2 id="stages-title">Timeline</h2><span class="small muted">${utc(shown.run.receivedAt).slice(0, 10)}, UTC</span></div>
        ${stages(shown)}
      </section>
      ${facts(shown)}
      ${sameAlert(view, now)}
    </div>
  </div>
</div>`
}

function head({ shown, later }: RunView, mayAct: boolean): Html {
  const whatFollowed = aftermath(shown, later)
  return html`<div class="run-head">
    <div>
      <div class="run-title"><h1>${nameOf(shown)}</h1><span class="status">${shown.run.alert.status}</span>${state(shown, true)}</div>
      <p class="lead">${summary(shown)}${whatFollowed && html` <span class="muted">${whatFollowed}</span>`}</p>
    </div>
    ${mayAct && actions(shown)}
  </div>`
}

function state(shown: ShownRun, badge = false): Html {
  return shown.leftQueue ? html`<span class="muted">not in the queue</span>` : stateLabel(stateOf(shown), badge)
}

/** What happened, in a sentence or two. */
function summary(shown: ShownRun): Html {
  const { job: ran, operario, result: end } = shown
  const of = operario && html` of Operario <strong>${operario.configMap}</strong>`
  if (!end) {
    if (shown.leftQueue) {
      const adopt = ran && html` If Job <code>${ran.name}</code>${of} is still running, a retry adopts it.`
      return html`This run is no longer in the queue, and its result was not recorded.${adopt}`
    }
    if (ran) return html`Job <code>${ran.name}</code>${of} is running.`
    return html`${shown.startedAt === undefined ? 'No worker has picked up this run yet.' : 'A worker has picked up this run; it has no Job yet.'}`
  }
  const total = totalDuration(shown)
  const what = ran
    ? html`Job <code>${ran.name}</code>${of} ${ENDS[end.outcome] ?? 'ended'}: ${end.reason}.`
    : html`${ENDS_WITHOUT_JOB[end.outcome] ?? 'No Job was created'}: ${end.reason}.`
  return html`${what}${total !== undefined && html` It took ${duration(total)} from alert to end.`}`
}

/** Verbs for the outcomes of a run that has a Job. */
const ENDS: Partial<Record<Outcome, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  lost: 'was lost',
  cancelled: 'was cancelled',
}

/** For outcomes where a Job may have existed although the run never learned of it. */
const ENDS_WITHOUT_JOB: Partial<Record<Outcome, string>> = {
  lost: 'The run was lost',
  cancelled: 'The run was cancelled',
}

function actions(shown: ShownRun): Html {
  if (!isInFlight(shown)) {
    // A retry of an invalid alert can only fail again.
    if (isInvalid(shown.run.alert)) return html``
    return html`<div class="actions"><form method="post" action="${runHref(shown.id)}/retry"><button class="button primary">${icon('retry')} Retry</button></form></div>`
  }
  return html`<div class="actions"><details class="confirm" id="cancel">
    <summary class="button danger">Cancel…</summary>
    <form method="post" action="${runHref(shown.id)}/cancel">
      <p>${shown.job ? html`Deletes Job <code class="anywhere">${shown.job.name}</code> and its pods, and ends the run as cancelled.` : 'Ends the run as cancelled before a Job is created.'}</p>
      <button class="button danger">Cancel this run</button>
    </form>
  </details></div>`
}

function result({ result: end }: ShownRun): Html {
  if (!end || (!end.exits?.length && end.log === undefined)) return html``
  return html`<section class="panel" aria-labelledby="result-title">
    <div class="panel-head"><h2 id="result-title">${BAD_OUTCOMES.has(end.outcome) ? 'Why it failed' : 'Output'}</h2></div>
    <div class="panel-body">
      ${end.exits?.length ? exits(end.exits) : ''}
      ${end.log !== undefined && html`<h3 class="section-head" id="log-title">Last log lines</h3><pre id="log" tabindex="0" role="region" aria-labelledby="log-title">${end.log}</pre>`}
    </div>
  </section>`
}

type Exits = NonNullable<NonNullable<ShownRun['result']>['exits']>

function exits(all: Exits): Html {
  return scrollable(
    'Exit codes',
    html`<table>
    <thead><tr><th scope="col">Pod</th><th scope="col">Container</th><th scope="col" class="number">Exit code</th><th scope="col">Reason</th></tr></thead>
    <tbody>${all.map(
      ({ pod, container, exitCode, reason }) =>
        html`<tr><td class="mono">${pod}</td><td class="mono">${container}</td><td class="number">${exitCode}</td><td>${reason ?? ''}</td></tr>`,
    )}</tbody>
  </table>`,
  )
}

function alert({ run: { alert: it } }: ShownRun): Html {
  return html`<section class="panel" aria-labelledby="alert-title">
    <div class="panel-head"><h2 id="alert-title">Alert</h2></div>
    <div class="panel-body">
      ${
        isInvalid(it)
          ? html`<p class="notice invalid">${it.invalid}</p><h3 class="section-head" id="excerpt-title">As received</h3><pre tabindex="0" role="region" aria-labelledby="excerpt-title">${it.excerpt}</pre>`
          : html`${Object.keys(it.annotations).length > 0 && html`<h3 class="section-head">Annotations</h3>${pairs(Object.entries(it.annotations).map(([name, value]) => [name, linked(value)]))}`}
            <h3 class="section-head">Labels (${Object.keys(it.labels).length}), each linked to the runs that share it</h3>
            ${labelTable(it.labels, labelHref)}
            <h3 class="section-head">From Alertmanager</h3>
            ${pairs([
              ['started', it.startsAt === undefined ? undefined : html`${clock(it.startsAt)}`],
              ['ended', it.endsAt === undefined ? undefined : html`${clock(it.endsAt)}`],
              ['source', it.generatorURL === undefined ? undefined : linked(it.generatorURL)],
              ['fingerprint', html`<code>${it.fingerprint}</code>`],
            ])}`
      }
    </div>
  </section>`
}

function clock(text: string): string {
  const at = Date.parse(text)
  return Number.isNaN(at) ? text : `${utc(at)} UTC`
}

function job({ manifest, shown: { operario } }: RunView): Html {
  if (!manifest) return html``
  const from =
    operario &&
    html`<p class="small muted">Built from ${operario.configMap}, key ${operario.key}, resourceVersion ${operario.resourceVersion}.</p>`
  return html`<details class="panel unfold" id="job">
    <summary><h2>Job as YAML</h2></summary>
    <div class="panel-body">${from}${
      'yaml' in manifest
        ? html`<pre id="job-yaml" tabindex="0" role="region" aria-label="Job as YAML">${manifest.yaml}</pre>`
        : html`<p class="notice">${manifest.missing}</p>`
    }</div>
  </details>`
}

function facts({ run, job: ran, operario, repeats, repeatedAt }: ShownRun): Html {
  return html`<section class="panel" aria-labelledby="facts-title">
    <div class="panel-head"><h2 id="facts-title">Run</h2></div>
    <div class="panel-body">${pairs([
      ['Job', ran && html`<code>${ran.namespace}/${ran.name}</code>`],
      ['Job UID', ran && html`<code>${ran.uid}</code>`],
      [
        'Operario',
        operario &&
          html`<a href="/runs?${new URLSearchParams({ operario: operarioName(operario) })}">${operario.configMap}</a>`,
      ],
      [
        'Repeats',
        repeats === 0
          ? html`none`
          : html`${repeats}, the last ${repeatedAt === undefined ? '' : html`at ${utc(repeatedAt)}`}`,
      ],
      [
        'Group key',
        html`<a class="mono" href="/runs?${new URLSearchParams({ group: run.groupKey })}">${run.groupKey}</a>`,
      ],
      ['Receiver', html`${run.receiver}`],
      [
        'Retry of',
        run.retryOf === undefined ? undefined : html`<a class="mono" href="${runHref(run.retryOf)}">${run.retryOf}</a>`,
      ],
      ['Requested by', run.requestedBy === undefined ? undefined : html`${run.requestedBy}`],
    ])}</div>
  </section>`
}

function pairs(entries: readonly (readonly [name: string, value: Html | undefined])[]): Html {
  return html`<dl class="pairs">${entries.map(([name, value]) => value && html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

function sameAlert({ shown, later, earlier }: RunView, now: number): Html {
  const all = [...later, shown, ...earlier]
  if (all.length === 1) return html``
  return html`<section class="panel" aria-labelledby="same-title">
    <div class="panel-head"><h2 id="same-title">Runs of the same alert</h2></div>
    <ol class="history">${all.map((other) => {
      const isThis = other.id === shown.id
      const name = isThis
        ? html`<strong>this run</strong>`
        : html`<a href="${runHref(other.id)}">${other.run.alert.status}</a>`
      return html`<li class="${isThis ? 'this' : ''}"><span>${state(other)} · ${name}</span><span class="muted">${age(other.run.receivedAt, now)}</span></li>`
    })}</ol>
  </section>`
}
