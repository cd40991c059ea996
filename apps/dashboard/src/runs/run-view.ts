import { alertId, buildJob, isInvalid, type Operario, type Run } from '@opifer/core'
import { dump } from 'js-yaml'
import type { DashboardDeps } from './deps.ts'
import type { ShownRun } from './shown-run.ts'

export interface RunView {
  shown: ShownRun
  /** The Job as it was sent to the cluster; undefined if none was. */
  manifest: { yaml: string } | { missing: string } | undefined
  /** The next runs of the same alert after and before this one, newest first. */
  later: readonly ShownRun[]
  earlier: readonly ShownRun[]
}

type Deps = Pick<DashboardDeps, 'history' | 'catalogue'>

/** Runs of the same alert to read on either side of a run. */
const NEIGHBORS = 6

export async function readRun(shown: ShownRun, { history, catalogue }: Deps): Promise<RunView> {
  const [manifest, neighbors] = await Promise.all([readManifest(shown, catalogue), readNeighbors(shown, history)])
  return { shown, manifest, ...neighbors }
}

/** Builds the Job again from the stored manifest and the alert. */
async function readManifest(
  { id, run, operario, job }: ShownRun,
  catalogue: Deps['catalogue'],
): Promise<RunView['manifest']> {
  if (!job || !operario || isInvalid(run.alert)) return undefined
  const stored = operario.manifestHash === undefined ? undefined : await catalogue.manifest(operario.manifestHash)
  if (!stored) return { missing: 'The manifest this Job was built from is no longer stored.' }
  const { configMap, key, resourceVersion, manifestHash = '' } = operario
  const recipe: Operario = { configMap, key, resourceVersion, manifestHash, manifest: stored.manifest }
  const request = { run: { id, ...run } satisfies Run, alert: run.alert, operario: recipe, number: 0 }
  const built = buildJob(request, stored.settings)
  if (!built.ok) return { missing: built.reason }
  // The number in the name depends on earlier Jobs of the episode, so take the name that was used.
  const named = { ...built.job, metadata: { ...built.job.metadata, name: job.name } }
  return { yaml: dump(named, { lineWidth: -1, noRefs: true }) }
}

async function readNeighbors(
  { id, run }: ShownRun,
  history: Deps['history'],
): Promise<Pick<RunView, 'later' | 'earlier'>> {
  if (isInvalid(run.alert)) return { later: [], earlier: [] }
  const same = alertId(run, run.alert)
  const place = { receivedAt: run.receivedAt, runId: id }
  const [later, earlier] = await Promise.all([
    history.successors(same, place, NEIGHBORS),
    history.page({ alertId: same }, { cursor: place, limit: NEIGHBORS }),
  ])
  return { later: later.toReversed(), earlier: earlier.runs }
}
