import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { HonoAdapter } from '@bull-board/hono'
import { serveStatic } from '@hono/node-server/serve-static'
import { type AuthEnv, requireRole } from '@opifer/platform/auth'
import type { Queue } from 'bullmq'
import { Hono } from 'hono'

export const BOARD_PATH = '/queues'

/** Bull Board on the queue: read-only for viewers, with actions for operators. */
export function boardApp(queue: Queue): Hono<AuthEnv> {
  const forViewers = board(queue, true)
  const forOperators = board(queue, false)
  const mustBeOperator = requireRole('operator')
  return new Hono<AuthEnv>({ strict: false })
    .use(`${BOARD_PATH}/*`, (c, next) => (c.req.method === 'GET' ? next() : mustBeOperator(c, next)))
    .all(`${BOARD_PATH}/*`, async (c) => {
      const app = c.get('caller').role === 'operator' ? forOperators : forViewers
      const response = await app.fetch(c.req.raw, c.env)
      const isPage = response.headers.get('Content-Type')?.startsWith('text/html')
      return isPage ? c.html(withoutGoogleFonts(await response.text())) : response
    })
}

function board(queue: Queue, readOnlyMode: boolean): Hono {
  const serverAdapter = new HonoAdapter(serveStatic)
  serverAdapter.setBasePath(BOARD_PATH)
  // BullMQ's own retry does not claim the deduplication id again. Operators retry on the run's page instead.
  const adapter = new BullMQAdapter(queue, { readOnlyMode, allowRetries: false })
  const uiConfig = { boardTitle: 'Opifer', miscLinks: [{ text: 'Back to the dashboard', url: '/' }] }
  createBullBoard({ queues: [adapter], serverAdapter, options: { uiConfig } })
  return new Hono({ strict: false }).route(BOARD_PATH, serverAdapter.registerPlugin())
}

/** The policy blocks fonts from other servers. Removing the link avoids the violation report. */
function withoutGoogleFonts(page: string): string {
  return page.replace(/<link[^>]+fonts\.googleapis\.com[^>]*>/, '')
}
