import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { isInvalid } from '@opifer/core'
import type { AuthEnv } from '@opifer/platform/auth'
import { iso } from '../../runs/format.ts'
import { MAX_OPERARIOS, type OperarioView, readOperarios } from '../../runs/operarios-view.ts'
import type { DashboardDeps } from '../../runs/deps.ts'
import { labelsOf, type ShownRun, stateOf } from '../../runs/shown-run.ts'
import { json, problems } from './responses.ts'

/**
 * OpenFero's API with OpenFero's JSON shapes, to keep its clients working (OpenFero/openfero: pkg/alertstore, pkg/models,
 * pkg/handlers). Fields that OpenFero renamed appear under both names. Fields without a value are left out, as in OpenFero.
 */
const texts = z.record(z.string(), z.string())

const jobInfoSchema = z
  .object({
    configMapName: z.string().optional(),
    operariusName: z.string().optional(),
    jobName: z.string().optional(),
    namespace: z.string().optional(),
    image: z.string().optional(),
    executionCount: z.int().optional(),
    lastExecutionTime: z.string().optional(),
    lastExecutedJobName: z.string().optional(),
    status: z.enum(['Pending', 'Running', 'Successful', 'Failed']).optional(),
  })
  .openapi('OpenFeroJobInfo')

const entrySchema = z
  .object({
    alert: z.object({
      labels: texts,
      annotations: texts,
      startsAt: z.string().optional(),
      endsAt: z.string().optional(),
    }),
    status: z.string(),
    timestamp: z.string(),
    jobInfo: jobInfoSchema.optional(),
  })
  .openapi('OpenFeroAlert')

type JobInfo = z.output<typeof jobInfoSchema>

const aboutSchema = z
  .object({ version: z.string(), commit: z.string(), buildDate: z.string() })
  .openapi('OpenFeroAbout')

/** OpenFero's own limit. */
const MAX_ALERTS = 100

function alertsRoute(path: string, summary: string) {
  return createRoute({
    method: 'get',
    path,
    summary,
    request: { query: z.object({ q: z.string().optional().openapi({ description: 'text anywhere in the alert' }) }) },
    responses: { 200: json(z.array(entrySchema), 'the last 100 alerts, newest first'), ...problems(401) },
  })
}

const jobs = createRoute({
  method: 'get',
  path: '/api/jobs',
  summary: 'List Operarios, in the OpenFero format',
  responses: { 200: json(z.array(jobInfoSchema), `the first ${MAX_OPERARIOS}, by ConfigMap`), ...problems(401) },
})

const about = createRoute({
  method: 'get',
  path: '/api/about',
  summary: "Opifer's build information, in the OpenFero format",
  responses: { 200: json(aboutSchema, 'the build of this process'), ...problems(401) },
})

export type About = z.output<typeof aboutSchema>

export function openferoApi(deps: DashboardDeps, build: About): OpenAPIHono<AuthEnv> {
  const list = async (q: string | undefined) => {
    const { runs } = await deps.history.page(q ? { text: q } : {}, { limit: MAX_ALERTS })
    return runs.map(entryOf)
  }
  return new OpenAPIHono<AuthEnv>()
    .openapi(alertsRoute('/api/alerts', 'List alerts, in the OpenFero format'), async (c) =>
      c.json(await list(c.req.query('q')), 200),
    )
    .openapi(alertsRoute('/alertStore', 'List alerts, in the OpenFero format (old path)'), async (c) =>
      c.json(await list(c.req.query('q')), 200),
    )
    .openapi(jobs, async (c) => c.json((await readOperarios(deps)).operarios.map(jobInfoOf), 200))
    .openapi(about, (c) => c.json(build, 200))
}

function entryOf(shown: ShownRun): z.output<typeof entrySchema> {
  const { run, job, operario } = shown
  const { alert } = run
  const times = isInvalid(alert) ? {} : { startsAt: alert.startsAt, endsAt: alert.endsAt }
  return {
    alert: {
      labels: { ...labelsOf(shown) },
      annotations: isInvalid(alert) ? {} : { ...alert.annotations },
      ...times,
    },
    status: alert.status,
    timestamp: iso(run.receivedAt),
    ...(job && {
      jobInfo: {
        ...namesOf(operario?.configMap),
        jobName: job.name,
        namespace: job.namespace,
        lastExecutionTime: iso(job.createdAt),
        lastExecutedJobName: job.name,
        status: statusOf(shown),
      },
    }),
  }
}

function jobInfoOf({ configMap, key, image, runs }: OperarioView): JobInfo {
  const last = runs.find(({ job }) => job !== undefined)
  return {
    ...namesOf(configMap),
    jobName: key,
    namespace: configMap.split('/')[0],
    image: image ?? 'unknown',
    executionCount: runs.length,
    ...(last?.job && {
      lastExecutionTime: iso(last.job.createdAt),
      lastExecutedJobName: last.job.name,
      status: statusOf(last),
    }),
  }
}

/** OpenFero names the ConfigMap without its namespace. */
function namesOf(configMap: string | undefined): Pick<JobInfo, 'configMapName' | 'operariusName'> {
  const name = configMap?.split('/')[1]
  return name === undefined ? {} : { configMapName: name, operariusName: name }
}

function statusOf(shown: ShownRun): NonNullable<JobInfo['status']> {
  const state = stateOf(shown)
  if (state === 'waiting') return 'Pending'
  if (state === 'running') return 'Running'
  return state === 'succeeded' ? 'Successful' : 'Failed'
}
