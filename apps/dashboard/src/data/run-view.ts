import { alertId, buildJob, isInvalid, type Operario, type Run } from '@opifer/core'
import { dump } from 'js-yaml'
import type { DashboardDeps } from '../deps.ts'
import type { RunView } from '../pages/run.ts'
import type { ShownRun } from '../shown-run.ts'

type Deps = Pick<DashboardDeps, 'history' | 'catalogue'>

/** Runs of the same alert that are shown on either side of a run. */
const NEIGHBOURS = 6

/** What is told of a run beside itself. */
export async function readSurroundings(
  shown: ShownRun,
  { history, catalogue }: Deps,
): Promise<Pick<RunView, 'manifest' | 'later' | 'earlier'>> {
  const [manifest, neighbours] = await Promise.all([readManifest(shown, catalogue), readNeighbours(shown, history)])
  return { manifest, ...neighbours }
}

/** The Job as it was sent, made again of the same parts. */
async function readManifest(
  { id, run, operario, job }: ShownRun,
  catalogue: Deps['catalogue'],
): Promise<RunView['manifest']> {
  if (!job || !operario || isInvalid(run.alert)) return undefined
  const stored = operario.manifestHash === undefined ? undefined : await catalogue.manifest(operario.manifestHash)
  if (!stored) return { missing: 'The manifest that the Job was made of is no longer kept.' }
  const { configMap, key, resourceVersion, manifestHash = '' } = operario
  const recipe: Operario = { configMap, key, resourceVersion, manifestHash, manifest: stored.manifest }
  const request = { run: { id, ...run } satisfies Run, alert: run.alert, operario: recipe, number: 0 }
  const built = buildJob(request, stored.settings)
  if (!built.ok) return { missing: built.reason }
  // How many Jobs of the episode there were before is part of the name, and known from it alone.
  const named = { ...built.job, metadata: { ...built.job.metadata, name: job.name } }
  return { yaml: dump(named, { lineWidth: -1, noRefs: true }) }
}

async function readNeighbours(
  { id, run }: ShownRun,
  history: Deps['history'],
): Promise<Pick<RunView, 'later' | 'earlier'>> {
  if (isInvalid(run.alert)) return { later: [], earlier: [] }
  const same = alertId(run, run.alert)
  const place = { receivedAt: run.receivedAt, runId: id }
  const [later, earlier] = await Promise.all([
    history.successors(same, place, NEIGHBOURS),
    history.page({ alertId: same }, { cursor: place, limit: NEIGHBOURS }),
  ])
  return { later: later.toReversed(), earlier: earlier.runs }
}
