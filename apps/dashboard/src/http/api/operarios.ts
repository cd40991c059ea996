import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import type { AuthEnv } from '@opifer/platform/auth'
import { iso } from '../../runs/format.ts'
import { MAX_OPERARIOS, type OperarioView, readOperarios, type UnmatchedView } from '../../runs/operarios-view.ts'
import type { DashboardDeps } from '../../runs/deps.ts'
import { json, problems } from './responses.ts'
import { operariosSchema } from './schemas.ts'

const listOperarios = createRoute({
  method: 'get',
  path: '/api/operarios',
  summary: 'List published Operarios, and alerts without one',
  responses: { 200: json(operariosSchema, `the first ${MAX_OPERARIOS}, by ConfigMap`), ...problems(401) },
})

export function operariosApi(deps: DashboardDeps): OpenAPIHono<AuthEnv> {
  return new OpenAPIHono<AuthEnv>().openapi(listOperarios, async (c) => {
    const { operarios, more, unmatched } = await readOperarios(deps)
    return c.json({ operarios: operarios.map(apiOperario), more, unmatched: unmatched.map(apiUnmatched) }, 200)
  })
}

function apiOperario({ runs, ...operario }: OperarioView) {
  const [last] = runs
  return {
    ...operario,
    runs: runs.length,
    lastRun: last && { id: last.id, outcome: last.result?.outcome, receivedAt: iso(last.run.receivedAt) },
  }
}

function apiUnmatched({ lastAt, lastId: _, ...one }: UnmatchedView) {
  return { ...one, lastAt: iso(lastAt) }
}
