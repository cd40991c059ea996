import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoRun } from './run-scenario.ts'
import { BACKUP_LOG } from './scenarios.ts'
import type { Stack } from './stack.ts'

/** Checks that the dashboard's API and pages show the runs. Returns what is wrong. Processes take seconds to appear there. */
export async function checkDashboard(
  { dashboardUrl }: Pick<Stack, 'dashboardUrl'>,
  demoRuns: readonly DemoRun[],
  print: (text: string) => void,
): Promise<string[]> {
  const runs = [...new Map(demoRuns.map((run) => [run.runId, run])).values()]
  const repeats = demoRuns.length - runs.length
  const deadline = Date.now() + TIMEOUT_MS
  for (;;) {
    const failures = [...(await checkRuns(dashboardUrl, runs, repeats)), ...(await checkPages(dashboardUrl, runs))]
    if (failures.length === 0) print(`the dashboard shows all ${runs.length} runs, at ${dashboardUrl}/runs`)
    if (failures.length === 0 || Date.now() > deadline) return failures
    await sleep(100)
  }
}

const TIMEOUT_MS = 10_000

async function checkRuns(dashboardUrl: string, expected: readonly DemoRun[], repeats: number): Promise<string[]> {
  const list = await fetch(`${dashboardUrl}/api/runs`)
  const { runs } = (await list.json()) as { runs: ShownRun[] }
  const failures = expected.flatMap(({ runId, alertname, outcome, job }) => {
    const shown = runs.find(({ id }) => id === runId)
    return shown?.outcome === outcome && (shown.job?.name ?? null) === job
      ? []
      : [`the dashboard shows ${alertname} as ${shown?.outcome}, not ${outcome}`]
  })
  const counted = runs.reduce((sum, run) => sum + run.repeats, 0)
  return counted === repeats ? failures : [...failures, `the dashboard counts ${counted} repeats, not ${repeats}`]
}

interface ShownRun {
  id: string
  outcome?: string
  job?: { name: string }
  repeats: number
}

/** Every page must contain its text. */
async function checkPages(dashboardUrl: string, runs: readonly DemoRun[]): Promise<string[]> {
  const failed = runs.find(({ outcome }) => outcome === 'failed')
  const pages: [path: string, text: string][] = [
    // The box that reports the state of the installation.
    ['/', 'class="state healthy"'],
    ['/runs?outcome=failed', 'BackupOverdue'],
    [`/runs/${failed?.runId}`, BACKUP_LOG],
    ['/operarios', 'openfero-nodeclockskew-firing'],
    ['/queues', 'Opifer'],
  ]
  const failures = await Promise.all(
    pages.map(async ([path, text]) => {
      const page = await fetch(dashboardUrl + path)
      return page.ok && (await page.text()).includes(text) ? [] : [`dashboard page ${path} does not contain ${text}`]
    }),
  )
  return failures.flat()
}
