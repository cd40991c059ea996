import type { Authentication, AuthEnv } from '@opifer/platform/auth'
import { problem, sameOrigin } from '@opifer/platform/http'
import type { Logger } from '@opifer/platform/telemetry'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { api } from './http/api/api.ts'
import type { About } from './http/api/openfero.ts'
import { page } from './html/layout.ts'
import type { DashboardDeps } from './runs/deps.ts'
import { assetsApp } from './http/assets.ts'
import { BOARD_PATH, boardApp } from './http/board.ts'
import { frameOf } from './http/frame.ts'
import { boardSecurity, pageSecurity } from './http/security.ts'
import { notFoundPage } from './html/pages/not-found.ts'
import { actions } from './http/actions.ts'
import { pages } from './http/pages.ts'

export interface AppDeps extends DashboardDeps {
  auth: Authentication
  /** Refuses who calls it by a name that it does not have. */
  hosts: MiddlewareHandler
  log: Logger
  build: About
  /** Undefined where they have a listener of their own. */
  operations: Hono | undefined
}

/** The HTTP side of the dashboard. */
export function createApp(deps: AppDeps): Hono<AuthEnv> {
  const { auth, hosts, log, build, operations, queue } = deps
  const [forBoard, forPages] = [boardSecurity(), pageSecurity()]
  const app = new Hono<AuthEnv>()
  app.use((c, next) => (isBoard(c.req.path) ? forBoard(c, next) : forPages(c, next)))
  if (operations) app.route('/', operations)
  app.use(hosts)
  app.route('/', assetsApp())
  app.use(auth.middleware, sameOrigin, uncached)
  app.route('/', pages(deps))
  app.route('/', actions(deps))
  app.route('/', api(deps, build))
  app.route('/', boardApp(queue))
  app.notFound((c) => answer(c, 404, 'No such page', `There is nothing at ${c.req.path}.`))
  app.onError((err, c) => {
    if (c.req.raw.signal.aborted) return problem(c, 408, 'the request broke off before its end')
    log.error({ err }, 'a request failed')
    return answer(c, 503, 'This can’t be shown now', 'Redis did not answer as it should. Try again in a moment.')
  })
  return app
}

function isBoard(path: string): boolean {
  return path === BOARD_PATH || path.startsWith(`${BOARD_PATH}/`)
}

/** What is shown of alerts must stay neither in a proxy nor, after a log-out, in a browser. */
async function uncached(c: Context, next: () => Promise<void>): Promise<void> {
  await next()
  if (!c.res.headers.has('Cache-Control') && !isBoard(c.req.path)) c.header('Cache-Control', 'no-store')
}

/** A page for people, and a problem for programs. */
function answer(c: Context<AuthEnv>, status: 404 | 503, title: string, words: string): Response | Promise<Response> {
  const isForPeople = c.req.header('Accept')?.includes('text/html') && c.get('caller') !== undefined
  if (!isForPeople) return problem(c, status, words)
  return c.html(page(frameOf(c, title), notFoundPage(title, words)), status)
}
