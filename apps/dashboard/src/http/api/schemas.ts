import { isInvalid, OUTCOMES } from '@opifer/core'
import { z } from '@hono/zod-openapi'
import { iso } from '../../runs/format.ts'
import { labelsOf, type ShownRun } from '../../runs/shown-run.ts'

const time = z.iso.datetime().openapi({ example: '2026-11-24T03:12:07.000Z' })
const texts = z.record(z.string(), z.string())

/** A run as the API returns it. Times are RFC 3339, in UTC. */
export type ApiRun = z.output<typeof runSchema>

export const runSchema = z
  .object({
    id: z.string(),
    state: z.enum(['waiting', 'running', 'ended']).openapi({ description: '`waiting` until a worker picks it up' }),
    outcome: z.enum(OUTCOMES).optional().openapi({
      description:
        'absent while the run is in progress, and if its result was not recorded, as for a run removed from the queue',
    }),
    reason: z.string().optional(),
    alert: z.object({
      alertname: z.string().optional(),
      status: z.enum(['firing', 'resolved']),
      labels: texts,
      annotations: texts,
      startsAt: z.string().optional(),
      endsAt: z.string().optional(),
      generatorURL: z.string().optional(),
      fingerprint: z.string(),
      invalid: z.string().optional().openapi({ description: 'why the alert can never work' }),
    }),
    receiver: z.string(),
    groupKey: z.string(),
    deduplicationId: z.string(),
    receivedAt: time,
    startedAt: time.optional().openapi({ description: 'when a worker first picked it up' }),
    operario: z
      .object({
        configMap: z.string(),
        key: z.string(),
        resourceVersion: z.string(),
        manifestHash: z.string().optional(),
      })
      .optional(),
    job: z
      .object({
        namespace: z.string(),
        name: z.string(),
        uid: z.string(),
        createdAt: time,
        adopted: z.boolean(),
        startedAt: time.optional(),
        endedAt: time.optional(),
      })
      .optional(),
    finishedAt: time.optional(),
    failedAttempts: z.int(),
    errors: z
      .array(z.object({ at: time, message: z.string() }))
      .openapi({ description: 'errors of the last failed attempts' }),
    exits: z.array(
      z.object({ pod: z.string(), container: z.string(), exitCode: z.int(), reason: z.string().optional() }),
    ),
    log: z.string().optional().openapi({ description: 'last log lines of a failed pod' }),
    repeats: z.int().openapi({ description: 'how often the alert was received again and joined this run' }),
    repeatedAt: time.optional(),
    retryOf: z.string().optional(),
    requestedBy: z.string().optional(),
  })
  .openapi('Run')

export const runPageSchema = z
  .object({
    runs: z.array(runSchema),
    next: z.string().optional().openapi({ description: 'cursor of the next page; absent on the last page' }),
    complete: z
      .boolean()
      .openapi({ description: 'false if the search stopped after 1,000 runs: continue with `next`' }),
  })
  .openapi('RunPage')

const operarioSchema = z
  .object({
    configMap: z.string().openapi({ description: 'namespace/name' }),
    key: z.string(),
    problem: z.string().optional().openapi({ description: 'why it is invalid' }),
    disabled: z.boolean(),
    image: z.string().optional(),
    runs: z.int().openapi({ description: 'number of recent runs behind the statistics' }),
    successRate: z.number().optional(),
    medianMs: z.number().optional().openapi({ description: 'median duration of the Job, in milliseconds' }),
    lastRun: z.object({ id: z.string(), outcome: z.enum(OUTCOMES).optional(), receivedAt: time }).optional(),
  })
  .openapi('Operario')

export const operariosSchema = z
  .object({
    operarios: z.array(operarioSchema),
    more: z.int().openapi({ description: 'number of Operarios left out of the list' }),
    unmatched: z.array(
      z.object({
        alertname: z.string(),
        status: z.string(),
        count: z.int(),
        lastAt: time,
        wouldMatch: z.object({ configMap: z.string(), key: z.string() }).optional(),
      }),
    ),
  })
  .openapi('Operarios')

/** Problem details (RFC 9457). */
export const problemSchema = z
  .object({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })
  .openapi('Problem')

export function apiRun(shown: ShownRun): ApiRun {
  const { id, run, startedAt, operario, result, repeats, repeatedAt, attempts, errors } = shown
  return {
    id,
    ...endOf(shown),
    alert: apiAlert(shown),
    receiver: run.receiver,
    groupKey: run.groupKey,
    deduplicationId: run.dedupId,
    receivedAt: iso(run.receivedAt),
    startedAt: isoOf(startedAt),
    operario: operario && {
      configMap: operario.configMap,
      key: operario.key,
      resourceVersion: operario.resourceVersion,
      manifestHash: operario.manifestHash,
    },
    job: apiJob(shown),
    failedAttempts: attempts,
    errors: errors.map(({ at, message }) => ({ at: iso(at), message })),
    exits: result?.exits ?? [],
    repeats,
    repeatedAt: isoOf(repeatedAt),
    retryOf: run.retryOf,
    requestedBy: run.requestedBy,
  }
}

function endOf(shown: ShownRun): Pick<ApiRun, 'state' | 'outcome' | 'reason' | 'finishedAt' | 'log'> {
  const { result, startedAt } = shown
  if (shown.leftQueue) return { state: 'ended' }
  if (!result) return { state: startedAt === undefined ? 'waiting' : 'running' }
  const { outcome, reason, finishedAt, log } = result
  return { state: 'ended', outcome, reason, finishedAt: iso(finishedAt), log }
}

function apiAlert(shown: ShownRun): ApiRun['alert'] {
  const { alert } = shown.run
  const { alertname, status, fingerprint } = alert
  const common = { alertname, status, fingerprint, labels: { ...labelsOf(shown) } }
  if (isInvalid(alert)) return { ...common, annotations: {}, invalid: alert.invalid }
  const { annotations, startsAt, endsAt, generatorURL } = alert
  return { ...common, annotations: { ...annotations }, startsAt, endsAt, generatorURL }
}

function apiJob({ job, jobTimes }: ShownRun): ApiRun['job'] {
  if (!job) return undefined
  const { namespace, name, uid, createdAt, adopted = false } = job
  const times = { startedAt: isoOf(jobTimes?.startedAt), endedAt: isoOf(jobTimes?.endedAt) }
  return { namespace, name, uid, createdAt: iso(createdAt), adopted, ...times }
}

function isoOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : iso(ms)
}
