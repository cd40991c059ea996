import {
  type Alert,
  type ContainerExit,
  type LabelSet,
  labelSet,
  readOperario,
  type Result,
  type Run,
} from '@opifer/core'
import { makeAlert, makeConfigMap, makeRun } from '@opifer/core/testing'
import type { RunRecord } from '@opifer/history'
import type { OpenDashboard } from './open-dashboard.ts'

export interface RunSpec {
  id: string
  labels?: Record<string, string>
  alert?: Partial<Alert>
  receivedAt: number
  groupKey?: string
  errors?: { at: number; message: string }[]
  /** Whether it has a Job. */
  job?: boolean
  jobTimes?: NonNullable<RunRecord['jobTimes']>
  /** Without a result the run is in progress. */
  result?: Partial<Omit<Result, 'exits'>> & { outcome: Result['outcome']; exits?: readonly ContainerExit[] }
}

const RESOLUTION = readOperario(makeConfigMap(), { configMap: '', key: 'DiskSpaceLow' })

/** Records a run in the history, as a worker does. */
export async function recordRun(
  { recorder, writer, catalogue }: Pick<OpenDashboard, 'recorder' | 'writer' | 'catalogue'>,
  spec: RunSpec,
): Promise<Run> {
  const { id, receivedAt, errors = [], jobTimes } = spec
  const labels: LabelSet = labelSet({
    alertname: 'DiskSpaceLow',
    severity: 'warning',
    instance: 'node-1',
    ...spec.labels,
  })
  const alert = makeAlert({ ...spec.alert, labels })
  const run = makeRun({ id, receivedAt, alert, ...(spec.groupKey !== undefined && { groupKey: spec.groupKey }) })
  await recorder.began(run, receivedAt + 20)
  for (const error of errors) await writer.attemptFailed(id, error)
  const withJob = spec.job ? await recordJob(run, { catalogue }) : run
  if (!spec.result) return withJob
  const { exits, ...rest } = spec.result
  const end = { reason: 'the Job completed', finishedAt: receivedAt + 4_000, ...rest }
  const result = exits ? { ...end, exits: [...exits] } : end
  const ended = { ...withJob, result }
  await recorder.ended(ended, jobTimes)
  return ended
}

async function recordJob(run: Run, { catalogue }: Pick<OpenDashboard, 'catalogue'>): Promise<Run> {
  if (RESOLUTION.kind !== 'found') throw new Error(RESOLUTION.reason)
  const { key, resourceVersion, manifestHash, manifest } = RESOLUTION.operario
  const configMap = `openfero/openfero-${run.alert.alertname?.toLowerCase()}-${run.alert.status}`
  const operario = { configMap, key: run.alert.alertname ?? key, resourceVersion, manifestHash }
  const job = {
    namespace: 'openfero',
    name: `cleanup-disk-space-${run.id}`,
    uid: `uid-of-${run.id}`,
    createdAt: run.receivedAt + 250,
  }
  await catalogue.keepManifest(manifestHash, {
    manifest,
    settings: { namespace: 'openfero', ttlSeconds: 300, labels: { app: 'openfero' } },
  })
  return { ...run, operario, job }
}
