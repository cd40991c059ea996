/** Log lines: an operator can follow a webhook to the end of its runs, and look up every message in the documentation. */
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PATIENCE } from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { makeOperario, shell, succeed } from './harness/operario.ts'
import { startSystem, type System } from './harness/system.ts'
import { firing } from './harness/webhook.ts'

interface Line {
  level: string
  msg: string
  runId?: string
  groupKey?: string
  [field: string]: unknown
}

let system: System
let lines: Line[]

beforeAll(async () => {
  system = await startSystem({
    workerFlags: ['--lockDuration=500ms'],
    operarios: [
      makeOperario('Succeeds', succeed),
      makeOperario('Fails', shell('exit 3')),
      makeOperario('Taken', succeed),
    ],
  })
  await causeErrors(system)
  lines = [system.ingest, ...system.workers].flatMap((process) => process.lines.map((line) => JSON.parse(line) as Line))
})

afterAll(() => system.stop())

describe('Log lines', () => {
  test('every log line about a run has its id and group key, also after a failed attempt or a dead worker', () => {
    const ofRuns = lines.filter(({ runId }) => runId !== undefined)
    expect(new Set(ofRuns.map(({ msg }) => msg))).toEqual(
      new Set([
        'Adding labels as environment variables',
        'Job created',
        'run ended',
        'run attempt failed, retrying',
        'run stalled; another worker takes over',
      ]),
    )
    for (const line of ofRuns) expect(line).toMatchObject({ groupKey: '{}:{from="tests"}' })
  })

  test('every log line about a webhook has its group key or the reason of its rejection', () => {
    expect(lines.filter(({ msg }) => msg === 'webhook accepted')).toMatchObject(
      Array.from({ length: 3 }, () => ({ groupKey: '{}:{from="tests"}', enqueued: 1 })),
    )
    expect(lines.filter(({ msg }) => msg === 'webhook rejected')).toMatchObject([
      { level: 'warn', code: 415, detail: expect.stringContaining('Content-Type must be application/json') },
      { level: 'warn', code: 400, detail: expect.stringContaining('the body is not JSON') },
    ])
    expect(lines.filter(({ msg }) => msg === 'webhook deferred')).toMatchObject([
      { level: 'warn', groupKey: '{}:{from="tests"}', reason: 'Redis is not connected' },
    ])
  })

  test('every logged warning and error is explained in docs/operating.md', async () => {
    const page = await readFile(new URL('../docs/operating.md', import.meta.url), 'utf8')
    const messages = new Set(
      lines.filter(({ level }) => ['warn', 'error', 'fatal'].includes(level)).map(({ msg }) => msg),
    )
    expect(messages.size).toBeGreaterThan(3)
    for (const message of messages) expect(page).toContain(`\`${message}\``)
  })

  test('every warning and error in the source is explained in docs/operating.md', async () => {
    const page = await readFile(new URL('../docs/operating.md', import.meta.url), 'utf8')
    const messages = await warningsInSource()
    expect(messages.length).toBeGreaterThan(20)
    expect(messages.filter((message) => !page.includes(`\`${message}\``))).toEqual([])
  })
})

/** The messages of warnings and errors in the source of the processes. */
async function warningsInSource(): Promise<string[]> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const sources = ['apps/{ingest,worker,dashboard}/src/**/*.ts', 'packages/{platform,history}/src/**/*.ts']
  const files = globSync(sources, { cwd: root, exclude: ['**/testing/**', '**/*.test.ts'] })
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')))
  return texts.flatMap((text) => [...text.matchAll(LOGGING)].map(([, , message = '']) => message))
}

/** A logger call: fields and message. */
const LOGGING = /\blog\.(?:warn|error|fatal)\([^\n]+, (['"])(.+)\1\)/g

async function causeErrors({ cluster, ingest, workers, redis, run, runs, post, startWorker }: System): Promise<void> {
  cluster.faults.add({ verb: 'create', resource: 'jobs', fault: { type: 'status', code: 500 }, times: 1 })
  await run(firing('Succeeds'))
  await run(firing('Fails'))
  cluster.faults.add({ verb: 'create', resource: 'jobs', fault: { type: 'latency', milliseconds: 60_000 } })
  const [receipt] = await post(firing('Taken'))
  await vi.waitFor(() => expect(cluster.faults.list().at(-1)?.hits).toBe(1), PATIENCE)
  await workers[0]?.kill()
  cluster.faults.clear()
  await startWorker()
  await runs.end(receipt?.runId ?? '')

  const send = (body: string, type: string) =>
    fetch(`${ingest.url}/alerts`, { method: 'POST', body, headers: { 'Content-Type': type } })
  await (await send('{}', 'text/plain')).text()
  await (await send('{', 'application/json')).text()
  await redis.kill()
  await vi.waitFor(() => expect(ingest.lines.join('\n')).toContain('"Redis connection lost"'), PATIENCE)
  await (await send(JSON.stringify(firing('Succeeds')), 'application/json')).text()
  await redis.restart()
  await ingest.waitForLine(/"Redis connection restored"/)
}
