import type { Run } from '@opifer/core'
import type { Queue } from 'bullmq'
import { followRun } from './follow-run.ts'
import type { Scene } from './scenes.ts'
import type { Stack } from './stack.ts'

/** What became of one posted webhook, in the words of the demo's JSON. */
export interface Played {
  alertname: string
  status: string
  outcome: string
  job: string | null
  deduplicated: boolean
  runId: string
  /** From the post to the outcome. */
  seconds: number
}

export interface SceneResult {
  runs: Played[]
  faults: string[]
}

/** Plays one scene: posts, follows the run to its end, and holds what happened against what must happen. */
export async function play(
  scene: Scene,
  stack: Stack,
  queue: Queue,
  say: (text: string) => void,
): Promise<SceneResult> {
  say(scene.title)
  const posts = [await post(scene, stack, say)]
  if (scene.twice) posts.push(await post(scene, stack, say))
  const [first] = posts
  if (!first) return { runs: [], faults: ['nothing was posted'] }

  const run = await followRun(queue, first.runId, (change) => tell(change, say))
  for (const line of run.result.log?.split('\n') ?? []) say(`  | ${line}`)
  const faults = [
    ...(run.result.outcome === scene.expected ? [] : [`ended ${run.result.outcome}, not ${scene.expected}`]),
    ...posts
      .slice(1)
      .flatMap(({ runId }) => (runId === first.runId ? [] : ['the repeat did not join the run in flight'])),
  ]
  const fault = await scene.check(run, stack.hostRoot)
  if (fault) faults.push(fault)
  const runs = posts.map(({ at, result, runId }) => ({
    alertname: run.alert.alertname ?? '',
    status: run.alert.status,
    outcome: run.result.outcome,
    job: run.job?.name ?? null,
    deduplicated: result === 'deduplicated',
    runId,
    seconds: (run.result.finishedAt - at) / 1_000,
  }))
  return { runs, faults: faults.map((text) => `${scene.title}: ${text}`) }
}

interface Posted {
  at: number
  runId: string
  result: string
}

async function post({ webhook }: Scene, { alertsUrl }: Stack, say: (text: string) => void): Promise<Posted> {
  const at = Date.now()
  const response = await fetch(alertsUrl, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: webhook,
  })
  const answer = (await response.json()) as { alerts?: { runId: string; result: string }[]; detail?: string }
  const [receipt] = answer.alerts ?? []
  if (!receipt) throw new Error(`${alertsUrl} answered ${response.status}: ${answer.detail}`)
  say(`  POST /alerts → ${response.status}: ${receipt.result}, run ${receipt.runId.slice(0, 8)}`)
  return { at, ...receipt }
}

function tell({ job, result }: Run, say: (text: string) => void): void {
  if (result) say(`  ${result.outcome}: ${result.reason}`)
  else if (job) say(`  Job ${job.namespace}/${job.name} is created`)
}
