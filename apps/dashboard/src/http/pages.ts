import type { AuthEnv } from '@opifer/platform/auth'
import { Hono } from 'hono'
import { html } from '../html/html.ts'
import { page } from '../html/layout.ts'
import { findRun, readWaiting } from '../runs/find.ts'
import { readOperarios } from '../runs/operarios-view.ts'
import { readOverview, type Span, SPANS } from '../runs/overview-view.ts'
import { readSurroundings } from '../runs/run-view.ts'
import type { DashboardDeps } from '../runs/deps.ts'
import { readFilter } from '../runs/filter.ts'
import { frameOf } from './frame.ts'
import { notFoundPage } from '../html/pages/not-found.ts'
import { operariosPage } from '../html/pages/operarios.ts'
import { overviewPage } from '../html/pages/overview.ts'
import { runPage } from '../html/pages/run.ts'
import { runsPage } from '../html/pages/runs.ts'
import { readPage } from '../runs/runs-view.ts'

/** The pages that people look at. Each is whole without its script. */
export function pages(deps: DashboardDeps): Hono<AuthEnv> {
  return new Hono<AuthEnv>()
    .get('/', async (c) => {
      const span = Object.keys(SPANS).find((name) => name === c.req.query('span')) as Span | undefined
      const view = await readOverview(span ?? '24h', deps)
      return c.html(page(frameOf(c, 'Overview'), overviewPage(view)))
    })
    .get('/runs', async (c) => {
      const search = new URL(c.req.url).searchParams
      const filter = readFilter(search, deps.now())
      const [found, waiting] = await Promise.all([readPage(filter, search, deps.history), readWaiting(deps.queue)])
      const view = { filter: found.filter, page: found.page, paged: search.has('cursor'), waiting, now: deps.now() }
      return c.html(page(frameOf(c, 'Runs'), runsPage(view)), found.filter.problems.length > 0 ? 400 : 200)
    })
    .get('/runs/:id', async (c) => {
      const shown = await findRun(c.req.param('id'), deps)
      if (!shown) return c.html(page(frameOf(c, 'No such run'), notFoundPage('No such run', NO_RUN)), 404)
      const surroundings = await readSurroundings(shown, deps)
      const mayAct = c.get('caller').role === 'operator'
      const notice = NOTICES.get(c.req.query('notice') ?? '')
      const view = { shown, ...surroundings, mayAct, notice, now: deps.now() }
      return c.html(page(frameOf(c, shown.run.alert.alertname ?? 'Run'), runPage(view)))
    })
    .get('/operarios', async (c) => {
      const view = await readOperarios(deps)
      return c.html(page(frameOf(c, 'Operarios'), operariosPage(view, deps.now())))
    })
}

const NO_RUN = html`There is no run of this id, or it is older than runs are kept. <a href="/runs">See the runs that there are.</a>`

/** What an action has to tell on the page that follows it. */
const NOTICES: ReadonlyMap<string, string> = new Map([
  ['retried', 'This is the fresh run: a worker takes it up as soon as one is free.'],
  ['in-flight', 'Nothing was added: this run of the same alert is not over yet.'],
  ['cancelling', 'A worker was asked to end this run. It is over once it says so below.'],
  ['over', 'There was nothing to cancel: the run was over already.'],
])
