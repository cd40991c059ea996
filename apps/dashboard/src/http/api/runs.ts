import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type AuthEnv, requireRole } from '@opifer/platform/auth'
import { cancel, retry } from '../../runs/actions.ts'
import { findRun } from '../../runs/find.ts'
import type { DashboardDeps } from '../../runs/deps.ts'
import { readFilter } from '../../runs/filter.ts'
import { readPage } from '../../runs/runs-view.ts'
import { faulty, json, problems, refuse } from './responses.ts'
import { apiRun, runPageSchema, runSchema } from './schemas.ts'

const filterQuery = z.object({
  q: z.string().optional().openapi({ description: 'text anywhere in the alert, the reason, the Job or the ids' }),
  alertname: z.string().optional().openapi({ description: 'exactly' }),
  match: z
    .string()
    .optional()
    .openapi({ description: 'label matchers', example: 'severity="critical", instance=~"web.*"' }),
  status: z.string().optional().openapi({ description: 'firing or resolved' }),
  outcome: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .openapi({
      description: 'outcomes, repeated or with commas between them; running stands for runs that are not over',
      example: 'failed,lost',
    }),
  range: z.string().optional().openapi({ description: 'how far back', example: '6h' }),
  from: z
    .string()
    .optional()
    .openapi({ description: 'received at this time or later', example: '2026-11-24T03:00:00Z' }),
  to: z.string().optional().openapi({ description: 'received before this time' }),
  group: z.string().optional().openapi({ description: 'group key' }),
  operario: z.string().optional().openapi({ description: 'namespace/configmap/key' }),
  alert: z.string().optional().openapi({ description: 'id of an alert over time' }),
  cursor: z.string().optional().openapi({ description: 'next of the page before' }),
  limit: z.coerce.number().int().min(1).max(200).optional().openapi({ description: 'runs on a page (default 50)' }),
})

const idParameter = z.object({ id: z.string().openapi({ description: 'id of the run' }) })

const listRuns = createRoute({
  method: 'get',
  path: '/api/runs',
  summary: 'Runs, newest first',
  request: { query: filterQuery },
  responses: { 200: json(runPageSchema, 'a page of them'), ...problems(400, 401) },
})

const getRun = createRoute({
  method: 'get',
  path: '/api/runs/{id}',
  summary: 'One run',
  request: { params: idParameter },
  responses: { 200: json(runSchema, 'the run'), ...problems(401, 404) },
})

const retryRun = createRoute({
  method: 'post',
  path: '/api/runs/{id}/retry',
  summary: 'Try a run again: a fresh run of the same alert',
  description: 'Needs the role operator.',
  request: { params: idParameter },
  responses: {
    202: json(z.object({ runId: z.string() }), 'the fresh run is in the queue'),
    ...problems(401, 403, 404, 409),
  },
})

const cancelRun = createRoute({
  method: 'post',
  path: '/api/runs/{id}/cancel',
  summary: 'Cancel a run: its Job is deleted',
  description: 'Needs the role operator. A worker ends the run a moment later.',
  request: { params: idParameter },
  responses: {
    202: json(z.object({ runId: z.string() }), 'a worker was asked to end it'),
    ...problems(401, 403, 404, 409),
  },
})

export function runsApi(deps: DashboardDeps): OpenAPIHono<AuthEnv> {
  const app = new OpenAPIHono<AuthEnv>({ defaultHook: faulty })
  app.use(retryRun.getRoutingPath(), requireRole('operator'))
  app.use(cancelRun.getRoutingPath(), requireRole('operator'))
  return app
    .openapi(listRuns, async (c) => {
      const search = new URL(c.req.url).searchParams
      const { limit } = c.req.valid('query')
      const { filter, page } = await readPage(readFilter(search, deps.now()), search, deps.history, limit)
      if (filter.problems.length > 0) {
        return refuse(c, 400, filter.problems.map(({ field, message }) => `${field}: ${message}`).join('; '))
      }
      return c.json({ ...page, runs: page.runs.map(apiRun) }, 200)
    })
    .openapi(getRun, async (c) => {
      const shown = await findRun(c.req.valid('param').id, deps)
      return shown ? c.json(apiRun(shown), 200) : refuse(c, 404, NO_RUN)
    })
    .openapi(retryRun, async (c) => {
      const answer = await retry(c.req.valid('param').id, c.get('caller').name, deps)
      switch (answer.kind) {
        case 'enqueued':
          return c.json({ runId: answer.runId }, 202)
        case 'in-flight': {
          const detail = `run ${answer.runId} of the same alert is not over yet`
          return refuse(c, 409, detail, { runId: answer.runId })
        }
        case 'refused':
          return refuse(c, 409, answer.reason)
        case 'unknown':
          return refuse(c, 404, NO_RUN)
      }
    })
    .openapi(cancelRun, async (c) => {
      const { id } = c.req.valid('param')
      const { kind } = await cancel(id, c.get('caller').name, deps)
      if (kind === 'asked') return c.json({ runId: id }, 202)
      return kind === 'over' ? refuse(c, 409, 'the run is over already') : refuse(c, 404, NO_RUN)
    })
}

const NO_RUN = 'there is no run of this id, or it is older than runs are kept'
