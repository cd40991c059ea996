import { parseArgs } from 'node:util'
import { RUNS } from '@opifer/queue'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { checkDashboard } from './check-dashboard.ts'
import { runCommand } from './command.ts'
import { type Played, play, type SceneResult } from './play.ts'
import { layOutLogs, SCENES } from './scenes.ts'
import { type Stack, startStack } from './stack.ts'
import { formatTable } from './table.ts'

const startedAt = Date.now()
const queuePrefix = `{opifer-demo-${process.pid}}`

await runCommand(async () => {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
  // With --json, standard output is for the one object at its end.
  const print = printer(values.json ? process.stderr : process.stdout)
  print.step('starting Redis, the development cluster, one ingest, two workers and the dashboard')
  const stack = await startStack({ port: 0, dashboardPort: 0, workers: 2, queuePrefix })
  try {
    const { runs, faults } = await playAll(stack, print.step)
    report(runs, faults, print)
    const ok = faults.length === 0
    if (values.json) process.stdout.write(`${JSON.stringify({ ok, runs })}\n`)
    return ok
  } finally {
    await stack.stop()
  }
})

function printer(out: NodeJS.WriteStream) {
  const line = (text: string) => void out.write(`${text}\n`)
  return { line, step: (text: string) => line(`${elapsed()}s  ${text}`) }
}

function elapsed(): string {
  return ((Date.now() - startedAt) / 1_000).toFixed(2).padStart(7)
}

async function playAll(running: Stack, say: (text: string) => void): Promise<SceneResult> {
  say(`webhooks go to ${running.alertsUrl}, Jobs to ${running.cluster?.url}`)
  say(`the dashboard is at ${running.dashboardUrl}`)
  await layOutLogs(running.hostRoot, Date.now())
  const redis = new Redis(running.redisUrl, { maxRetriesPerRequest: null })
  const queue = new Queue(RUNS.name, { connection: redis, prefix: queuePrefix })
  try {
    const results: SceneResult[] = []
    for (const scene of SCENES) results.push(await play(scene, running, queue, say))
    const runs = results.flatMap((result) => result.runs)
    const shown = await checkDashboard(running, runs, say)
    return { runs, faults: [...results.flatMap((result) => result.faults), ...strayJobs(running, runs), ...shown] }
  } finally {
    await queue.obliterate({ force: true })
    await queue.close()
    redis.disconnect()
  }
}

/** There must be one Job for each run that has one, and no other. */
function strayJobs({ cluster }: Stack, runs: Played[]): string[] {
  const told = new Set(runs.map(({ job }) => job))
  const jobs = cluster?.store.list('jobs') ?? []
  return jobs
    .filter(({ metadata }) => !told.has(metadata.name))
    .map(({ metadata }) => `Job ${metadata.name} belongs to no run`)
}

function report(runs: Played[], faults: string[], print: ReturnType<typeof printer>): void {
  const rows = runs.map(({ alertname, status, outcome, job, deduplicated, seconds }) => [
    alertname,
    status,
    deduplicated ? `${outcome} (deduplicated)` : outcome,
    job ?? '–',
    seconds.toFixed(2),
  ])
  print.line(`\n${formatTable(['alert', 'status', 'outcome', 'Job', 'seconds'], rows)}\n`)
  for (const fault of faults) print.step(`NOT AS IT SHOULD BE: ${fault}`)
  if (faults.length === 0) print.step('all went as it should')
}
