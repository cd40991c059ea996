import type { Authentication, AuthEnv } from '@opifer/platform/auth'
import { problem, sameOrigin } from '@opifer/platform/http'
import type { Logger } from '@opifer/platform/telemetry'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { errorBody, page } from './html/layout.ts'
import { actions } from './http/actions.ts'
import { api, type ApiDeps } from './http/api/api.ts'
import { assetsApp } from './http/assets.ts'
import { BOARD_PATH, boardApp } from './http/board.ts'
import { frameOf } from './http/frame.ts'
import { pages } from './http/pages.ts'
import { boardSecurity, pageSecurity } from './http/security.ts'

export interface AppDeps extends ApiDeps {
  auth: Authentication
  /** Rejects requests whose `Host` is not allowed. */
  hosts: MiddlewareHandler
  log: Logger
  /** Undefined if they have their own listener. */
  operations: Hono | undefined
}

/** The HTTP side of the dashboard. */
export function createApp(deps: AppDeps): Hono<AuthEnv> {
  const { auth, hosts, log, operations, queue } = deps
  const [forBoard, forPages] = [boardSecurity(), pageSecurity()]
  const app = new Hono<AuthEnv>()
  app.use((c, next) => (isBoard(c.req.path) ? forBoard(c, next) : forPages(c, next)))
  if (operations) app.route('/', operations)
  app.use(hosts)
  app.route('/', assetsApp())
  app.use(auth.middleware, sameOrigin, noStore)
  app.route('/', pages(deps))
  app.route('/', actions(deps))
  app.route('/', api(deps))
  app.route('/', boardApp(queue))
  app.notFound((c) => errorResponse(c, 404, 'Page not found', `Nothing exists at ${c.req.path}.`))
  app.onError((err, c) => {
    if (c.req.raw.signal.aborted) return problem(c, 408, 'client disconnected')
    log.error({ err }, 'request failed')
    return errorResponse(c, 503, 'Temporarily unavailable', 'Redis did not respond. Try again in a moment.')
  })
  return app
}

function isBoard(path: string): boolean {
  return path === BOARD_PATH || path.startsWith(`${BOARD_PATH}/`)
}

/** Alerts must not stay in proxies, nor in a browser after logout. */
async function noStore(c: Context, next: () => Promise<void>): Promise<void> {
  await next()
  if (!c.res.headers.has('Cache-Control') && !isBoard(c.req.path)) c.header('Cache-Control', 'no-store')
}

/** A page for browsers, problem details for programs. */
function errorResponse(
  c: Context<AuthEnv>,
  status: 404 | 503,
  title: string,
  detail: string,
): Response | Promise<Response> {
  const wantsPage = c.req.header('Accept')?.includes('text/html') && c.get('caller') !== undefined
  if (!wantsPage) return problem(c, status, detail)
  return c.html(page(frameOf(c, title), errorBody(title, detail)), status)
}
