import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadFixture } from '@opifer/testkit'
import { parseNumber, runCommand } from './command.ts'
import { writeLogs } from './scenarios.ts'
import { type Stack, startStack } from './stack.ts'

const OPTIONS = {
  kubeconfig: { type: 'string' },
  port: { type: 'string', default: '8080' },
  dashboardPort: { type: 'string', default: '8082' },
  workers: { type: 'string', default: '2' },
} as const

await runCommand(async () => {
  const { values } = parseArgs({ options: OPTIONS })
  // npm changes the working folder; INIT_CWD is the one that the user's path is relative to.
  const invokedIn = process.env['INIT_CWD'] ?? process.cwd()
  await using stack = await startStack({
    port: parseNumber('port', values.port, 0, 65_535),
    dashboardPort: parseNumber('dashboardPort', values.dashboardPort, 0, 65_535),
    workers: parseNumber('workers', values.workers, 1, 64),
    kubeconfig: values.kubeconfig && resolve(invokedIn, values.kubeconfig),
    queuePrefix: '{opifer}',
  })
  if (stack.cluster) await writeLogs(stack.hostRoot, Date.now())
  process.stdout.write(welcome(stack))
  process.stdout.write(`${await nextSignal()}: stopping\n`)
  return true
})

function welcome({ alertsUrl, dashboardUrl, kubeconfig, redisUrl }: Stack): string {
  const example = JSON.stringify(JSON.parse(loadFixture('operarios-guide/test-alert.json')))
  return `
Opifer is running. Send it an alert:

  curl -H 'Content-Type: application/json' -d '${example}' ${alertsUrl}

Watch the run at ${dashboardUrl} or with

  kubectl --kubeconfig ${kubeconfig} get jobs -w

Redis: ${redisUrl}   Ctrl-C stops everything.
`
}

function nextSignal(): Promise<string> {
  return new Promise((resolveSignal) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolveSignal)
  })
}
