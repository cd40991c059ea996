import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type AuthEnv, requireRole } from '@opifer/platform/auth'
import { cancel, retry } from '../../runs/actions.ts'
import { findRun } from '../../runs/find.ts'
import type { DashboardDeps } from '../../runs/deps.ts'
import { readFilter } from '../../runs/filter.ts'
import { readPage } from '../../runs/runs-view.ts'
import { json, problems, reject, rejectInvalid } from './responses.ts'
import { apiRun, runPageSchema, runSchema } from './schemas.ts'

const filterQuery = z.object({
  q: z.string().optional().openapi({ description: 'text to find in the alert, the reason, the Job or the ids' }),
  alertname: z.string().optional().openapi({ description: 'exact alertname' }),
  match: z
    .string()
    .optional()
    .openapi({ description: 'label matchers', example: 'severity="critical", instance=~"web.*"' }),
  status: z.string().optional().openapi({ description: 'firing or resolved' }),
  outcome: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .openapi({
      description: 'outcomes, repeated or comma-separated; `running` selects runs in progress',
      example: 'failed,lost',
    }),
  range: z.string().optional().openapi({ description: 'only runs received within this time', example: '6h' }),
  from: z
    .string()
    .optional()
    .openapi({ description: 'earliest time received, inclusive', example: '2026-11-24T03:00:00Z' }),
  to: z.string().optional().openapi({ description: 'latest time received, exclusive' }),
  group: z.string().optional().openapi({ description: 'group key' }),
  operario: z.string().optional().openapi({ description: 'namespace/configmap/key' }),
  alert: z.string().optional().openapi({ description: 'id of an alert, across its firings' }),
  cursor: z.string().optional().openapi({ description: '`next` of the previous page' }),
  limit: z.coerce.number().int().min(1).max(200).optional().openapi({ description: 'runs per page (default 50)' }),
})

const idParameter = z.object({ id: z.string().openapi({ description: 'run id' }) })

const listRuns = createRoute({
  method: 'get',
  path: '/api/runs',
  summary: 'List runs, newest first',
  request: { query: filterQuery },
  responses: { 200: json(runPageSchema, 'a page of runs'), ...problems(400, 401) },
})

const getRun = createRoute({
  method: 'get',
  path: '/api/runs/{id}',
  summary: 'Get a run',
  request: { params: idParameter },
  responses: { 200: json(runSchema, 'the run'), ...problems(401, 404) },
})

const retryRun = createRoute({
  method: 'post',
  path: '/api/runs/{id}/retry',
  summary: 'Retry a run: enqueue a new run of the same alert',
  description: 'Requires the operator role.',
  request: { params: idParameter },
  responses: {
    202: json(z.object({ runId: z.string() }), 'the new run is in the queue'),
    ...problems(401, 403, 404, 409),
  },
})

const cancelRun = createRoute({
  method: 'post',
  path: '/api/runs/{id}/cancel',
  summary: 'Cancel a run and delete its Job',
  description: 'Requires the operator role. A worker ends the run shortly after.',
  request: { params: idParameter },
  responses: {
    202: json(z.object({ runId: z.string() }), 'cancellation requested'),
    ...problems(401, 403, 404, 409),
  },
})

export function runsApi(deps: DashboardDeps): OpenAPIHono<AuthEnv> {
  const app = new OpenAPIHono<AuthEnv>({ defaultHook: rejectInvalid })
  app.use(retryRun.getRoutingPath(), requireRole('operator'))
  app.use(cancelRun.getRoutingPath(), requireRole('operator'))
  return app
    .openapi(listRuns, async (c) => {
      const search = new URL(c.req.url).searchParams
      const { limit } = c.req.valid('query')
      const { filter, page } = await readPage(readFilter(search, deps.now()), search, deps.history, limit)
      if (filter.errors.length > 0) {
        return reject(c, 400, filter.errors.map(({ field, message }) => `${field}: ${message}`).join('; '))
      }
      return c.json({ ...page, runs: page.runs.map(apiRun) }, 200)
    })
    .openapi(getRun, async (c) => {
      const shown = await findRun(c.req.valid('param').id, deps)
      return shown ? c.json(apiRun(shown), 200) : reject(c, 404, RUN_NOT_FOUND)
    })
    .openapi(retryRun, async (c) => {
      const answer = await retry(c.req.valid('param').id, c.get('caller').name, deps)
      switch (answer.kind) {
        case 'enqueued':
          return c.json({ runId: answer.runId }, 202)
        case 'in-flight': {
          const detail = `run ${answer.runId} of the same alert is still in progress`
          return reject(c, 409, detail, { runId: answer.runId })
        }
        case 'refused':
          return reject(c, 409, answer.reason)
        case 'unknown':
          return reject(c, 404, RUN_NOT_FOUND)
      }
    })
    .openapi(cancelRun, async (c) => {
      const { id } = c.req.valid('param')
      const { kind } = await cancel(id, c.get('caller').name, deps)
      if (kind === 'asked') return c.json({ runId: id }, 202)
      return kind === 'over' ? reject(c, 409, 'the run has already ended') : reject(c, 404, RUN_NOT_FOUND)
    })
}

const RUN_NOT_FOUND = 'no run has this id, or it is past the retention period'
