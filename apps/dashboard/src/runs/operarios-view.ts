import { isInvalid, operarioAddress, type OperarioAddress, OUTCOMES } from '@opifer/core'
import { operarioName, type PublishedConfigMap, type RunRecord } from '@opifer/history'
import type { DashboardDeps } from './deps.ts'
import { median } from './quantile.ts'

export interface OperarioView {
  configMap: string
  key: string
  problem: string | undefined
  disabled: boolean
  /** Of the first container. */
  image: string | undefined
  /** The most recent ones, newest first. */
  runs: readonly RunRecord[]
  /** From 0 to 1, over those of `runs` whose Job succeeded or failed. */
  successRate: number | undefined
  /** Median duration of the Job, in milliseconds. */
  medianMs: number | undefined
}

/** Recent alerts that matched no Operario, by name and status. */
export interface UnmatchedView {
  alertname: string
  status: string
  count: number
  lastAt: number
  lastId: string
  /** The ConfigMap and key that would match; undefined if the name can't be one. */
  wouldMatch: OperarioAddress | undefined
}

export interface OperariosView {
  operarios: OperarioView[]
  /** Operarios beyond `MAX_OPERARIOS`. */
  more: number
  unmatched: UnmatchedView[]
}

type Deps = Pick<DashboardDeps, 'history' | 'catalogue'>

/** Runs to compute the statistics of an Operario from. */
export const RECENT_RUNS = 20
/** Bounds the cost of a page load: each Operario costs two reads. */
export const MAX_OPERARIOS = 200
const RECENT_UNMATCHED = 500
/** Open runs have no index by Operario, so they are read once for all. */
const RECENT_OPEN = 500

export async function readOperarios({ history, catalogue }: Deps): Promise<OperariosView> {
  const entries = await catalogue.list()
  const known = entries.flatMap((entry) => entry.operarios.map((operario) => ({ entry, operario })))
  const { runs: open } = await history.page({ outcomes: ['running'] }, { limit: RECENT_OPEN })
  const [operarios, unmatched] = await Promise.all([
    Promise.all(known.slice(0, MAX_OPERARIOS).map((one) => readOperario(one, open, { history, catalogue }))),
    history.page({ outcomes: ['unmatched'] }, { limit: RECENT_UNMATCHED }),
  ])
  return { operarios, more: Math.max(0, known.length - MAX_OPERARIOS), unmatched: groupUnmatched(unmatched.runs) }
}

interface Known {
  entry: PublishedConfigMap
  operario: PublishedConfigMap['operarios'][number]
}

async function readOperario(
  { entry, operario }: Known,
  open: readonly RunRecord[],
  { history, catalogue }: Deps,
): Promise<OperarioView> {
  const address = { configMap: entry.configMap, key: operario.key }
  const id = operarioName(address)
  const [{ runs: ended }, stored] = await Promise.all([
    history.page({ operario: id, outcomes: OUTCOMES }, { limit: RECENT_RUNS }),
    operario.manifestHash === undefined ? undefined : catalogue.manifest(operario.manifestHash),
  ])
  const own = open.filter((run) => run.operario && operarioName(run.operario) === id)
  const runs = [...own, ...ended].sort((one, other) => other.run.receivedAt - one.run.receivedAt).slice(0, RECENT_RUNS)
  return {
    ...address,
    problem: operario.problem,
    disabled: entry.disabled,
    image: stored?.manifest.spec.template.spec.containers[0]?.image,
    runs,
    successRate: successRate(runs),
    medianMs: median(runs.flatMap((run) => jobDuration(run) ?? [])),
  }
}

function successRate(runs: readonly RunRecord[]): number | undefined {
  const succeeded = runs.filter(({ result }) => result?.outcome === 'succeeded').length
  const failed = runs.filter(({ result }) => result?.outcome === 'failed').length
  return succeeded + failed === 0 ? undefined : succeeded / (succeeded + failed)
}

function jobDuration({ job, jobTimes, result }: RunRecord): number | undefined {
  const end = jobTimes?.endedAt ?? result?.finishedAt
  const begin = jobTimes?.startedAt ?? job?.createdAt
  return job === undefined || begin === undefined || end === undefined ? undefined : Math.max(0, end - begin)
}

function groupUnmatched(runs: readonly RunRecord[]): UnmatchedView[] {
  const groups = Map.groupBy(runs, ({ run: { alert } }) => JSON.stringify([alert.alertname ?? '', alert.status]))
  return [...groups.values()].flatMap((group): UnmatchedView[] => {
    const [last] = group
    if (!last || isInvalid(last.run.alert)) return []
    const { alertname, status } = last.run.alert
    const wouldMatch = operarioAddress({ alertname, status })
    return [{ alertname, status, count: group.length, lastAt: last.run.receivedAt, lastId: last.id, wouldMatch }]
  })
}
