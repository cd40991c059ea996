import { isInvalid, type Outcome } from '@opifer/core'
import { aftermath } from '../data/aftermath.ts'
import { type Html, html } from '../components/html.ts'
import { icon } from '../components/icon.ts'
import { labelHref, labelTable, linked } from '../components/labels.ts'
import { BAD, outcome } from '../components/outcome.ts'
import { runHref } from '../components/run-table.ts'
import { scroll } from '../components/scroll.ts'
import { age, lasting, utc } from '../components/time.ts'
import { stages } from '../components/timeline.ts'
import { isInFlight, nameOf, operarioId, type ShownRun, stateOf, took } from '../shown-run.ts'

export interface RunView {
  shown: ShownRun
  /** The Job as it was sent to the cluster; undefined where there never was one. */
  manifest: { yaml: string } | { missing: string } | undefined
  /** The runs of the same alert that came next before and after it, newest first. */
  later: readonly ShownRun[]
  earlier: readonly ShownRun[]
  /** Whether the viewer may act. */
  mayAct: boolean
  /** What came of an action, to be told once. */
  notice: string | undefined
  now: number
}

/** One run: what was done, to what, why, and whether it helped. */
export function runPage(view: RunView): Html {
  const { shown, notice } = view
  return html`<p class="crumb"><a href="/runs">Runs</a> <span class="muted">/</span> <span class="mono muted">${shown.id}</span></p>
${notice && html`<p class="notice" role="status">${notice}</p>`}
<div id="run" data-live>
  ${head(view)}
  <div class="columns">
    <div>
      ${result(shown)}
      ${alert(shown)}
      ${job(view)}
    </div>
    <div>
      <section class="panel" aria-labelledby="stages-title">
        <div class="panel-head"><h2 id="stages-title">Time line</h2><span class="small muted">${utc(shown.run.receivedAt).slice(0, 10)}, UTC</span></div>
        ${stages(shown)}
      </section>
      ${facts(shown)}
      ${sameAlert(view)}
    </div>
  </div>
</div>`
}

function head(view: RunView): Html {
  const { shown, later, mayAct } = view
  const help = aftermath(shown, later)
  return html`<div class="run-head">
    <div>
      <div class="run-title"><h1>${nameOf(shown)}</h1><span class="status">${shown.run.alert.status}</span>${standing(shown, true)}</div>
      <p class="lead">${summary(shown)}${help && html` <span class="muted">${help}</span>`}</p>
    </div>
    ${mayAct && actions(shown)}
  </div>`
}

function standing(shown: ShownRun, badge = false): Html {
  return shown.leftQueue ? html`<span class="muted">not in the queue</span>` : outcome(stateOf(shown), badge)
}

/** What was done and what came of it, in a sentence or two. */
function summary(shown: ShownRun): Html {
  const { job: ran, operario, result: end } = shown
  const of = operario && html` of Operario <strong>${operario.configMap}</strong>`
  if (!end) {
    if (shown.leftQueue) {
      const follow = ran && html` Should Job <code>${ran.name}</code>${of} still run, a retry follows it.`
      return html`It is no longer in the queue, and how it ended is not on record.${follow}`
    }
    if (ran) return html`Job <code>${ran.name}</code>${of} runs.`
    return html`${shown.startedAt === undefined ? 'No worker has taken it up yet.' : 'A worker has taken it up; there is no Job yet.'}`
  }
  const duration = took(shown)
  const what = ran
    ? html`Job <code>${ran.name}</code>${of} ${ENDS[end.outcome] ?? 'ended'}: ${end.reason}.`
    : html`There was no Job: ${end.reason}.`
  return html`${what}${duration !== undefined && html` It took ${lasting(duration)} from the alert to the end.`}`
}

/** How a run ends that has a Job. */
const ENDS: Partial<Record<Outcome, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  lost: 'was lost',
  cancelled: 'was cancelled',
}

function actions(shown: ShownRun): Html {
  if (!isInFlight(shown)) {
    // A defective alert stays defective however often it is tried.
    if (isInvalid(shown.run.alert)) return html``
    return html`<div class="actions"><form method="post" action="${runHref(shown.id)}/retry"><button class="button primary">${icon('retry')} Retry</button></form></div>`
  }
  return html`<div class="actions"><details class="confirm" id="cancel">
    <summary class="button danger">Cancel…</summary>
    <form method="post" action="${runHref(shown.id)}/cancel">
      <p>${shown.job ? html`Deletes Job <code class="anywhere">${shown.job.name}</code> with its pods, and ends the run as cancelled.` : 'Ends the run as cancelled before it gets a Job.'}</p>
      <button class="button danger">Cancel this run</button>
    </form>
  </details></div>`
}

function result({ result: end }: ShownRun): Html {
  if (!end || (!end.exits?.length && end.log === undefined)) return html``
  return html`<section class="panel" aria-labelledby="result-title">
    <div class="panel-head"><h2 id="result-title">${BAD.has(end.outcome) ? 'Why it failed' : 'What it left'}</h2></div>
    <div class="panel-body">
      ${end.exits?.length ? exits(end.exits) : ''}
      ${end.log !== undefined && html`<h3 class="section-head" id="log-title">Last log lines</h3><pre id="log" tabindex="0" role="region" aria-labelledby="log-title">${end.log}</pre>`}
    </div>
  </section>`
}

type Exits = NonNullable<NonNullable<ShownRun['result']>['exits']>

function exits(all: Exits): Html {
  return scroll(
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
          ? html`<p class="notice wrong">${it.invalid}</p><h3 class="section-head" id="excerpt-title">As it came</h3><pre tabindex="0" role="region" aria-labelledby="excerpt-title">${it.excerpt}</pre>`
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
    html`<p class="small muted">Made of ${operario.configMap}, key ${operario.key}, resourceVersion ${operario.resourceVersion}.</p>`
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
      ['Job uid', ran && html`<code>${ran.uid}</code>`],
      [
        'Operario',
        operario &&
          html`<a href="/runs?${new URLSearchParams({ operario: operarioId(operario) })}">${operario.configMap}</a>`,
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
      ['Asked for by', run.requestedBy === undefined ? undefined : html`${run.requestedBy}`],
    ])}</div>
  </section>`
}

function pairs(entries: readonly (readonly [name: string, value: Html | undefined])[]): Html {
  return html`<dl class="pairs">${entries.map(([name, value]) => value && html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

function sameAlert({ shown, later, earlier, now }: RunView): Html {
  const all = [...later, shown, ...earlier]
  if (all.length === 1) return html``
  return html`<section class="panel" aria-labelledby="same-title">
    <div class="panel-head"><h2 id="same-title">Runs of the same alert</h2></div>
    <ol class="history">${all.map((other) => {
      const isThis = other.id === shown.id
      const name = isThis
        ? html`<strong>this run</strong>`
        : html`<a href="${runHref(other.id)}">${other.run.alert.status}</a>`
      return html`<li class="${isThis ? 'this' : ''}"><span>${standing(other)} · ${name}</span><span class="muted">${age(other.run.receivedAt, now)}</span></li>`
    })}</ol>
  </section>`
}
