import type { RunPage } from '@opifer/history'
import { filterForm } from '../filter-form.ts'
import { type Html, html } from '../html.ts'
import { runHref, runTable } from '../run-table.ts'
import { age } from '../../runs/format.ts'
import type { Waiting } from '../../runs/find.ts'
import { type Filter, type FilterProblem, filterSearch, isEmpty } from '../../runs/filter.ts'

export interface RunsView {
  filter: Filter
  page: RunPage
  /** Whether this is a later page of the list. */
  paged: boolean
  /** Those that no worker has taken up yet have no record. */
  waiting: Waiting
  now: number
}

/** The list of runs, newest first. */
export function runsPage({ filter, page, paged, waiting, now }: RunsView): Html {
  return html`<div class="page-head"><h1>Runs</h1></div>
${filterForm(filter)}
<section class="panel" id="runs" data-live aria-labelledby="runs-title">
  <h2 class="hidden" id="runs-title">${isEmpty(filter.given) ? 'All runs' : 'Runs that were asked for'}</h2>
  ${waitingNotice(waiting, now)}
  ${page.runs.length > 0 ? runTable(page.runs, now) : empty(filter, page)}
  ${pager(filter, page, paged)}
</section>`
}

function waitingNotice({ count, oldest }: Waiting, now: number): Html {
  if (count === 0) return html``
  const which = oldest && html`; the oldest came <a href="${runHref(oldest.id)}">${age(oldest.receivedAt, now)}</a>`
  return html`<p class="pager">${count === 1 ? 'One run waits' : `${count} runs wait`} for a worker${which}.</p>`
}

function empty({ given, problems }: Filter, { complete }: RunPage): Html {
  if (!complete)
    return html`<div class="empty"><strong>None found so far</strong><p>Go on to look at older runs.</p></div>`
  if (problems.length > 0) {
    return html`<div class="empty"><strong>Nothing was looked for</strong>
      <ul>${problems.map(({ field, message }) => html`<li>${FIELDS[field] ?? field}: ${message}</li>`)}</ul></div>`
  }
  return isEmpty(given)
    ? html`<div class="empty"><strong>No runs yet</strong><p>Once Alertmanager posts an alert to ingest, what became of it stands here.</p></div>`
    : html`<div class="empty"><strong>No run is like that</strong><p>Take a part of the filter away, or look further back.</p></div>`
}

/** Fields whose names on the page are others than in its address. */
const FIELDS: Partial<Record<FilterProblem['field'], string>> = {
  match: 'label matchers',
  q: 'text',
  range: 'received',
}

function pager({ given }: Filter, { runs, next, complete }: RunPage, paged: boolean): Html {
  if (!paged && next === undefined) return html``
  return html`<nav class="pager" aria-label="Pages of the list">
    ${paged && html`<a class="button" href="/runs${filterSearch(given)}">Newest</a>`}
    <span class="muted">${counted(runs.length)}${!complete && ' among the last 1,000 that were looked at'}</span>
    ${next !== undefined && html`<a class="button end" rel="next" href="/runs${filterSearch(given, next)}">${complete ? 'Older' : 'Look further back'}</a>`}
  </nav>`
}

function counted(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`
}
