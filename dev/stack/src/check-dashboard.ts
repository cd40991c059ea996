import { setTimeout as sleep } from 'node:timers/promises'
import type { Played } from './play.ts'
import type { Stack } from './stack.ts'

/** Asks the dashboard over HTTP what happened, and holds that against what did. Processes take seconds to be known to it. */
export async function checkDashboard(
  { dashboardUrl }: Pick<Stack, 'dashboardUrl'>,
  played: readonly Played[],
  say: (text: string) => void,
): Promise<string[]> {
  const runs = [...new Map(played.map((run) => [run.runId, run])).values()]
  const repeats = played.length - runs.length
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const faults = [...(await checkRuns(dashboardUrl, runs, repeats)), ...(await checkPages(dashboardUrl, runs))]
    if (faults.length === 0) say(`the dashboard shows all ${runs.length} runs, at ${dashboardUrl}/runs`)
    if (faults.length === 0 || Date.now() > deadline) return faults
    await sleep(100)
  }
}

const PATIENCE_MS = 10_000

async function checkRuns(dashboardUrl: string, expected: readonly Played[], repeats: number): Promise<string[]> {
  const list = await fetch(`${dashboardUrl}/api/runs`)
  const { runs } = (await list.json()) as { runs: ShownRun[] }
  const faults = expected.flatMap(({ runId, alertname, outcome, job }) => {
    const shown = runs.find(({ id }) => id === runId)
    return shown?.outcome === outcome && (shown.job?.name ?? null) === job
      ? []
      : [`the dashboard shows ${alertname} as ${shown?.outcome}, not ${outcome}`]
  })
  const counted = runs.reduce((sum, run) => sum + run.repeats, 0)
  return counted === repeats ? faults : [...faults, `the dashboard counts ${counted} repeats, not ${repeats}`]
}

interface ShownRun {
  id: string
  outcome?: string
  job?: { name: string }
  repeats: number
}

/** The pages that people open, each with a word that must stand there. */
async function checkPages(dashboardUrl: string, runs: readonly Played[]): Promise<string[]> {
  const failed = runs.find(({ outcome }) => outcome === 'failed')
  const pages: [path: string, words: string][] = [
    ['/', 'Everything is well'],
    ['/runs?outcome=failed', 'BackupOverdue'],
    [`/runs/${failed?.runId}`, 'somebody must look'],
    ['/operarios', 'openfero-nodeclockskew-firing'],
    ['/queues', 'Opifer'],
  ]
  const faults = await Promise.all(
    pages.map(async ([path, words]) => {
      const page = await fetch(dashboardUrl + path)
      return page.ok && (await page.text()).includes(words) ? [] : [`${path} of the dashboard does not say "${words}"`]
    }),
  )
  return faults.flat()
}
