import { type AuthEnv, requireRole } from '@opifer/platform/auth'
import { problem } from '@opifer/platform/http'
import { Hono } from 'hono'
import { runHref } from '../html/run-table.ts'
import { cancel, retry } from '../runs/actions.ts'
import type { DashboardDeps } from '../runs/deps.ts'
import { chooseTheme } from './frame.ts'

/** The pages' forms. Each redirects to a page, so reloading it does not repeat the action. */
export function actions(deps: DashboardDeps): Hono<AuthEnv> {
  return new Hono<AuthEnv>()
    .post('/runs/:id/retry', requireRole('operator'), async (c) => {
      const answer = await retry(c.req.param('id'), c.get('caller').name, deps)
      switch (answer.kind) {
        case 'enqueued':
          return c.redirect(`${runHref(answer.runId)}?notice=retried`, 303)
        case 'in-flight':
          return c.redirect(`${runHref(answer.runId)}?notice=in-flight`, 303)
        case 'refused':
          return problem(c, 409, answer.reason)
        case 'unknown':
          return problem(c, 404, 'no run has this id')
      }
    })
    .post('/runs/:id/cancel', requireRole('operator'), async (c) => {
      const id = c.req.param('id')
      const { kind } = await cancel(id, c.get('caller').name, deps)
      if (kind === 'unknown') return problem(c, 404, 'no run has this id')
      return c.redirect(`${runHref(id)}?notice=${kind === 'asked' ? 'cancelling' : 'over'}`, 303)
    })
    .post('/theme', async (c) => {
      const { theme, return: back } = await c.req.parseBody()
      return chooseTheme(c, asText(theme), asText(back))
    })
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
