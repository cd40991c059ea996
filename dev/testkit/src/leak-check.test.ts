import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { startProcess } from './process/child-process.ts'
import { startRedis } from './redis/server.ts'

const root = fileURLToPath(import.meta.resolve('../../../'))
const vitest = fileURLToPath(import.meta.resolve('../../../node_modules/vitest/vitest.mjs'))
const config = fileURLToPath(import.meta.resolve('../fixtures/leaks/vitest.config.ts'))

let results: Map<string, { readonly status: string; readonly message: string }>

beforeAll(async () => {
  const redis = await startRedis()
  const dir = await mkdtemp(join(tmpdir(), 'opifer-leaks-'))
  const report = join(dir, 'report.json')
  const run = await startProcess({
    command: process.execPath,
    args: [vitest, 'run', '--config', config, '--reporter=json', '--outputFile', report],
    cwd: root,
    env: { REDIS_URL: redis.url },
  })
  await run.exited
  results = parseReport(await readFile(report, 'utf8'))
  await redis.stop()
  await rm(dir, { recursive: true })
}, 60_000)

test.each([
  ['http-server', '1 × server'],
  ['interval', '1 × timer'],
  ['redis-connection', '1 × socket'],
  ['child-process', '1 × child process'],
])('a test file that leaves its %s open fails: %s', (name, want) => {
  expect(results.get(`${name}.test.ts`)).toEqual({
    status: 'failed',
    message: expect.stringMatching(new RegExp(`^this test file left open: .*${want}`)),
  })
})

test('a test file that closes everything passes', () => {
  expect(results.get('clean.test.ts')).toEqual({ status: 'passed', message: '' })
})

interface Report {
  readonly testResults: readonly { readonly name: string; readonly status: string; readonly message: string }[]
}

function parseReport(text: string): typeof results {
  const { testResults } = JSON.parse(text) as Report
  return new Map(testResults.map(({ name, status, message }) => [basename(name), { status, message }]))
}
