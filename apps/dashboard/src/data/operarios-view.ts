import { isInvalid, operarioAddress, type OperarioAddress } from '@opifer/core'
import type { CatalogueEntry, RunRecord } from '@opifer/history'
import type { DashboardDeps } from '../deps.ts'
import { operarioId } from '../shown-run.ts'

export interface OperarioView {
  configMap: string
  key: string
  problem: string | undefined
  disabled: boolean
  /** Of its first container. */
  image: string | undefined
  /** The last ones, newest first. */
  runs: readonly RunRecord[]
  /** From 0 to 1, over those of the last runs that a Job succeeded or failed in. */
  successRate: number | undefined
  /** Milliseconds from the Job to its end. */
  medianMs: number | undefined
}

/** Alerts that came and found no Operario. */
export interface UnmatchedView {
  alertname: string
  status: string
  count: number
  lastAt: number
  lastId: string
  /** Where one would have to stand. */
  wouldMatch: OperarioAddress | undefined
}

export interface OperariosView {
  operarios: OperarioView[]
  /** Operarios beyond those that are shown. */
  more: number
  unmatched: UnmatchedView[]
}

type Deps = Pick<DashboardDeps, 'history' | 'catalogue'>

/** Runs that the figures of an Operario are of. */
export const RECENT_RUNS = 20
/** What one page may cost does not grow with the cluster. */
export const MAX_OPERARIOS = 200
const RECENT_UNMATCHED = 500

export async function readOperarios({ history, catalogue }: Deps): Promise<OperariosView> {
  const entries = await catalogue.list()
  const known = entries.flatMap((entry) => entry.operarios.map((operario) => ({ entry, operario })))
  const [operarios, unmatched] = await Promise.all([
    Promise.all(known.slice(0, MAX_OPERARIOS).map((one) => readOperario(one, { history, catalogue }))),
    history.page({ outcomes: ['unmatched'] }, { limit: RECENT_UNMATCHED }),
  ])
  return { operarios, more: Math.max(0, known.length - MAX_OPERARIOS), unmatched: groupUnmatched(unmatched.runs) }
}

interface Known {
  entry: CatalogueEntry
  operario: CatalogueEntry['operarios'][number]
}

async function readOperario({ entry, operario }: Known, { history, catalogue }: Deps): Promise<OperarioView> {
  const address = { configMap: entry.configMap, key: operario.key }
  const [{ runs }, stored] = await Promise.all([
    history.page({ operario: operarioId(address) }, { limit: RECENT_RUNS }),
    operario.manifestHash === undefined ? undefined : catalogue.manifest(operario.manifestHash),
  ])
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

export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle]
  return upper === undefined || sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
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
