import type { Run } from '@opifer/core'
import type { Queue } from 'bullmq'
import { followRun } from './follow-run.ts'
import type { Scenario } from './scenarios.ts'
import type { Stack } from './stack.ts'

/** One posted webhook and how its run ended; also the schema of the demo's JSON. */
export interface DemoRun {
  alertname: string
  status: string
  outcome: string
  job: string | null
  deduplicated: boolean
  runId: string
  /** From the post to the outcome. */
  seconds: number
}

export interface ScenarioResult {
  runs: DemoRun[]
  failures: string[]
}

/** Posts the scenario's webhook, follows the run to its end and checks the result. */
export async function runScenario(
  scenario: Scenario,
  stack: Stack,
  queue: Queue,
  print: (text: string) => void,
): Promise<ScenarioResult> {
  print(scenario.title)
  const first = await post(scenario, stack, print)
  const repeats = scenario.twice ? [await post(scenario, stack, print)] : []

  const run = await followRun(queue, first.runId, (change) => printChange(change, print))
  for (const line of run.result.log?.split('\n') ?? []) print(`  | ${line}`)
  const failures = [
    ...(run.result.outcome === scenario.outcome ? [] : [`ended ${run.result.outcome}, not ${scenario.outcome}`]),
    ...(repeats.every(({ runId }) => runId === first.runId) ? [] : ['the repeat did not join the run in flight']),
  ]
  const failure = await scenario.check(run, stack.hostRoot)
  if (failure) failures.push(failure)
  const runs = [first, ...repeats].map(({ at, result, runId }) => ({
    alertname: run.alert.alertname ?? '',
    status: run.alert.status,
    outcome: run.result.outcome,
    job: run.job?.name ?? null,
    deduplicated: result === 'deduplicated',
    runId,
    seconds: (run.result.finishedAt - at) / 1_000,
  }))
  return { runs, failures: failures.map((text) => `${scenario.title}: ${text}`) }
}

interface Posted {
  at: number
  runId: string
  result: string
}

async function post({ webhook }: Scenario, { alertsUrl }: Stack, print: (text: string) => void): Promise<Posted> {
  const at = Date.now()
  const response = await fetch(alertsUrl, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: webhook,
  })
  const reply = (await response.json()) as { alerts?: { runId: string; result: string }[]; detail?: string }
  const [receipt] = reply.alerts ?? []
  if (!receipt) throw new Error(`${alertsUrl} replied ${response.status}: ${reply.detail}`)
  print(`  POST /alerts → ${response.status}: ${receipt.result}, run ${receipt.runId.slice(0, 8)}`)
  return { at, ...receipt }
}

function printChange({ job, result }: Run, print: (text: string) => void): void {
  if (result) print(`  ${result.outcome}: ${result.reason}`)
  else if (job) print(`  Job ${job.namespace}/${job.name} created`)
}
