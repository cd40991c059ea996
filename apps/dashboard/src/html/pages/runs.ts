import type { RunPage } from '@opifer/history'
import { html } from 'hono/html'
import { type Filter, type FilterError, filterSearch, isEmpty } from '../../runs/filter.ts'
import type { Waiting } from '../../runs/find.ts'
import { counted } from '../../runs/format.ts'
import type { RunsView } from '../../runs/runs-view.ts'
import { age, type Html } from '../elements.ts'
import { filterForm } from '../filter-form.ts'
import { runHref, runTable } from '../run-table.ts'

/** The list of runs, newest first. */
export function runsPage({ filter, page, hasNewer, waiting }: RunsView, now: number): Html {
  return html`<div class="page-head"><h1>Runs</h1></div>
${filterForm(filter)}
<section class="panel" id="runs" data-live aria-labelledby="runs-title">
  <h2 class="hidden" id="runs-title">${isEmpty(filter.input) ? 'All runs' : 'Matching runs'}</h2>
  ${waitingNotice(waiting, now)}
  ${page.runs.length > 0 ? runTable(page.runs, now) : empty(filter, page)}
  ${pager(filter, page, hasNewer)}
</section>`
}

function waitingNotice({ count, oldest }: Waiting, now: number): Html {
  if (count === 0) return html``
  const since = oldest && html`, the oldest received <a href="${runHref(oldest.id)}">${age(oldest.receivedAt, now)}</a>`
  return html`<p class="pager"><span>${counted(count, 'run')} waiting for a worker${since}.</span></p>`
}

function empty({ input, errors }: Filter, { complete }: RunPage): Html {
  if (!complete)
    return html`<div class="empty"><strong>No matches so far</strong><p>Search older runs to continue.</p></div>`
  if (errors.length > 0) {
    return html`<div class="empty"><strong>Invalid filter</strong>
      <ul>${errors.map(({ field, message }) => html`<li>${FIELDS[field] ?? field}: ${message}</li>`)}</ul></div>`
  }
  return isEmpty(input)
    ? html`<div class="empty"><strong>No runs yet</strong><p>Runs appear here once Alertmanager posts an alert to ingest.</p></div>`
    : html`<div class="empty"><strong>No matching runs</strong><p>Remove a filter.</p></div>`
}

/** Fields with another name on the page than in the query string. */
const FIELDS: Partial<Record<FilterError['field'], string>> = {
  match: 'label matchers',
  q: 'text',
  range: 'received',
}

function pager({ input }: Filter, { runs, next, complete }: RunPage, hasNewer: boolean): Html {
  if (!hasNewer && next === undefined) return html``
  return html`<nav class="pager" aria-label="Pagination">
    ${hasNewer && html`<a class="button" href="/runs${filterSearch(input)}">Newest</a>`}
    <span class="muted">${counted(runs.length, 'run')}${!complete && ' in the last 1,000 searched'}</span>
    ${next !== undefined && html`<a class="button end" rel="next" href="/runs${filterSearch(input, next)}">${complete ? 'Older' : 'Search older runs'}</a>`}
  </nav>`
}
