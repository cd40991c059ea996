import type { AuthEnv } from '@opifer/platform/auth'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { errorBody, page } from '../html/layout.ts'
import { operariosPage } from '../html/pages/operarios.ts'
import { overviewPage } from '../html/pages/overview.ts'
import { runPage } from '../html/pages/run.ts'
import { runsPage } from '../html/pages/runs.ts'
import type { DashboardDeps } from '../runs/deps.ts'
import { findRun } from '../runs/find.ts'
import { readOperarios } from '../runs/operarios-view.ts'
import { readOverview, type Span, SPANS } from '../runs/overview-view.ts'
import { readRun } from '../runs/run-view.ts'
import { readRuns } from '../runs/runs-view.ts'
import { frameOf } from './frame.ts'

/** The pages. Each is complete without its script. */
export function pages(deps: DashboardDeps): Hono<AuthEnv> {
  return new Hono<AuthEnv>()
    .get('/', async (c) => {
      const span = Object.keys(SPANS).find((name) => name === c.req.query('span')) as Span | undefined
      const view = await readOverview(span ?? '24h', deps)
      return c.html(page(frameOf(c, 'Overview'), overviewPage(view)))
    })
    .get('/runs', async (c) => {
      const view = await readRuns(new URL(c.req.url).searchParams, deps)
      const status = view.filter.errors.length > 0 ? 400 : 200
      return c.html(page(frameOf(c, 'Runs'), runsPage(view, deps.now())), status)
    })
    .get('/runs/:id', async (c) => {
      const shown = await findRun(c.req.param('id'), deps)
      if (!shown) return c.html(page(frameOf(c, 'Run not found'), errorBody('Run not found', RUN_NOT_FOUND)), 404)
      const view = await readRun(shown, deps)
      const mayAct = c.get('caller').role === 'operator'
      const notice = NOTICES.get(c.req.query('notice') ?? '')
      const title = shown.run.alert.alertname ?? 'Run'
      return c.html(page(frameOf(c, title), runPage(view, { mayAct, notice, now: deps.now() })))
    })
    .get('/operarios', async (c) => {
      const view = await readOperarios(deps)
      return c.html(page(frameOf(c, 'Operarios'), operariosPage(view, deps.now())))
    })
}

const RUN_NOT_FOUND = html`No run has this id, or it is past the retention period. <a href="/runs">Show all runs.</a>`

/** Results of actions by the `notice` of the redirect, shown on the page it leads to. */
const NOTICES: ReadonlyMap<string, string> = new Map([
  ['retried', 'This is the new run. It starts as soon as a worker is free.'],
  ['in-flight', 'Nothing was added: this run of the same alert is still in progress.'],
  ['cancelling', 'Cancellation requested. A worker will end this run shortly.'],
  ['over', 'Nothing to cancel: this run had already ended.'],
])
