import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { isInvalid } from '@opifer/core'
import type { AuthEnv } from '@opifer/platform/auth'
import { iso } from '../components/time.ts'
import { MAX_OPERARIOS, type OperarioView, readOperarios } from '../data/operarios-view.ts'
import type { DashboardDeps } from '../deps.ts'
import { labelsOf, type ShownRun, stateOf } from '../shown-run.ts'
import { json, problems } from './answers.ts'

/**
 * OpenFero's API in OpenFero's JSON shapes, so that its clients go on working (OpenFero/openfero: pkg/alertstore,
 * pkg/models, pkg/handlers). Names that OpenFero changed over time stand beside each other. Fields without a value are
 * left out, as there.
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

/** As many as OpenFero answers with at the most. */
const ALERTS = 100

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
  summary: "OpenFero's list of Operarios",
  responses: { 200: json(z.array(jobInfoSchema), `the first ${MAX_OPERARIOS}, by ConfigMap`), ...problems(401) },
})

const about = createRoute({
  method: 'get',
  path: '/api/about',
  summary: "OpenFero's build information, of Opifer",
  responses: { 200: json(aboutSchema, 'of this process'), ...problems(401) },
})

export type About = z.output<typeof aboutSchema>

export function openferoApi(deps: DashboardDeps, build: About): OpenAPIHono<AuthEnv> {
  const list = async (q: string | undefined) => {
    const { runs } = await deps.history.page(q ? { text: q } : {}, { limit: ALERTS })
    return runs.map(entryOf)
  }
  return new OpenAPIHono<AuthEnv>()
    .openapi(alertsRoute('/api/alerts', "OpenFero's list of alerts"), async (c) =>
      c.json(await list(c.req.query('q')), 200),
    )
    .openapi(alertsRoute('/alertStore', "OpenFero's list of alerts, at its old path"), async (c) =>
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

/** `namespace/name`, of which OpenFero tells the name. */
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
