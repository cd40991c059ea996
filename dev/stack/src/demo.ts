import { parseArgs } from 'node:util'
import { RUNS } from '@opifer/queue'
import { formatTable } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { checkDashboard } from './check-dashboard.ts'
import { runCommand } from './command.ts'
import { type DemoRun, runScenario, type ScenarioResult } from './run-scenario.ts'
import { SCENARIOS, writeLogs } from './scenarios.ts'
import { type Stack, startStack } from './stack.ts'

const startedAt = Date.now()
const queuePrefix = `{opifer-demo-${process.pid}}`

await runCommand(async () => {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
  // With --json, stdout carries nothing but the JSON object.
  const print = createPrinter(values.json ? process.stderr : process.stdout)
  print.step('starting Redis, the development cluster, one ingest, two workers and the dashboard')
  await using stack = await startStack({ port: 0, dashboardPort: 0, workers: 2, queuePrefix })
  const { runs, failures } = await runScenarios(stack, print.step)
  report(runs, failures, print)
  const ok = failures.length === 0
  if (values.json) process.stdout.write(`${JSON.stringify({ ok, runs })}\n`)
  return ok
})

function createPrinter(out: NodeJS.WriteStream) {
  const line = (text: string) => void out.write(`${text}\n`)
  return { line, step: (text: string) => line(`${elapsed()}s  ${text}`) }
}

function elapsed(): string {
  return ((Date.now() - startedAt) / 1_000).toFixed(2).padStart(7)
}

async function runScenarios(stack: Stack, print: (text: string) => void): Promise<ScenarioResult> {
  print(`webhook URL ${stack.alertsUrl}, Kubernetes API ${stack.cluster?.url}`)
  print(`dashboard ${stack.dashboardUrl}`)
  await writeLogs(stack.hostRoot, Date.now())
  await using resources = new AsyncDisposableStack()
  const redis = resources.adopt(new Redis(stack.redisUrl, { maxRetriesPerRequest: null }), (client) =>
    client.disconnect(),
  )
  const queue = resources.adopt(new Queue(RUNS.name, { connection: redis, prefix: queuePrefix }), (q) => q.close())
  // REDIS_URL may name a shared Redis.
  resources.defer(() => queue.obliterate({ force: true }))

  const results: ScenarioResult[] = []
  for (const scenario of SCENARIOS) results.push(await runScenario(scenario, stack, queue, print))
  const runs = results.flatMap((result) => result.runs)
  const failures = [
    ...results.flatMap((result) => result.failures),
    ...strayJobs(stack, runs),
    ...(await checkDashboard(stack, runs, print)),
  ]
  return { runs, failures }
}

/** Every Job must belong to a run. */
function strayJobs({ cluster }: Stack, runs: DemoRun[]): string[] {
  const known = new Set(runs.map(({ job }) => job))
  const jobs = cluster?.store.list('jobs') ?? []
  return jobs
    .filter(({ metadata }) => !known.has(metadata.name))
    .map(({ metadata }) => `Job ${metadata.name} belongs to no run`)
}

function report(runs: DemoRun[], failures: string[], print: ReturnType<typeof createPrinter>): void {
  const rows = runs.map(({ alertname, status, outcome, job, deduplicated, seconds }) => [
    alertname,
    status,
    deduplicated ? `${outcome} (deduplicated)` : outcome,
    job ?? '–',
    seconds.toFixed(2),
  ])
  print.line(`\n${formatTable(['alert', 'status', 'outcome', 'Job', 'seconds'], rows, { numbers: [4] })}\n`)
  for (const failure of failures) print.step(`FAILED: ${failure}`)
  if (failures.length === 0) print.step('all checks passed')
}
