import { parseArgs } from 'node:util'
import { loadFixture } from '@opifer/testkit'
import { layOutLogs } from './scenes.ts'
import { startStack } from './stack.ts'

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    port: { type: 'string', default: '8080' },
    workers: { type: 'string', default: '2' },
  },
})

const stack = await startStack({
  port: Number(values.port),
  workers: Number(values.workers),
  kubeconfig: values.kubeconfig,
  queuePrefix: '{opifer}',
})
if (stack.cluster) await layOutLogs(stack.hostRoot, Date.now())

const example = JSON.stringify(JSON.parse(loadFixture('operarios-guide/test-alert.json')))
process.stdout.write(`
Opifer is up. Send it an alert:

  curl -H 'Content-Type: application/json' -d '${example}' ${stack.alertsUrl}

and watch what comes of it:

  kubectl --kubeconfig ${stack.kubeconfig} get jobs -w

Redis: ${stack.redisUrl}   Ctrl-C stops everything.
`)

const signal = await new Promise<string>((resolve) => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve)
})
process.stdout.write(`${signal}: stopping\n`)
await stack.stop()
