import { fileURLToPath } from 'node:url'
import { type ManagedProcess, startProcess } from '@opifer/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'

const script = fileURLToPath(new URL('../testing/fixture-process.ts', import.meta.url))

async function givenProcess(args: string[], readyLine?: RegExp): Promise<ManagedProcess> {
  const child = await startProcess({
    command: process.execPath,
    args: [script, ...args],
    ...(readyLine && { readyLine }),
  })
  onTestFinished(async () => {
    await child.kill()
  })
  return child
}

const messages = ({ lines }: ManagedProcess) => lines.map((line): string => JSON.parse(line).msg)

const CLOSED = ['could not be closed cleanly', 'first is closed']

test.each(['SIGTERM', 'SIGINT'] as const)('%s closes everything and ends it with 0', async (signal) => {
  const child = await givenProcess([], /started/)
  child.signal(signal)
  expect(await child.exited).toBe(0)
  expect(messages(child)).toEqual(['started', 'stopping', ...CLOSED, 'stopped'])
})

describe('a start that fails', () => {
  test('is logged, closes what was opened, and ends it with 1', async () => {
    const child = await givenProcess(['--ending=broken start'])
    expect(await child.exited).toBe(1)
    expect(messages(child)).toEqual(['could not start', ...CLOSED])
    expect(child.lines[0]).toContain('no start')
  })

  test('ends it even when something can not be closed in time', async () => {
    const child = await givenProcess(['--ending=stuck start', '--shutdownTimeout=100ms'])
    expect(await child.exited).toBe(1)
  })
})

test.each([
  ['uncaught', 'SyntaxError'],
  ['unhandled', 'nobody awaits this'],
])('an error that is %s is logged, closes everything and ends it with 1', async (ending, want) => {
  const child = await givenProcess([`--ending=${ending}`])
  expect(await child.exited).toBe(1)
  const fatal = child.lines.find((line) => line.includes('"level":"fatal"'))
  expect(fatal).toContain('an error that nobody caught')
  expect(fatal).toContain(want)
  expect(messages(child).slice(-3)).toEqual([...CLOSED, 'stopped'])
})

test('a stop that takes too long is cut off, logged, and ends it with 1', async () => {
  const child = await givenProcess(['--ending=stuck', '--shutdownTimeout=100ms'], /started/)
  expect(await child.stop()).toBe(1)
  expect(messages(child)).toEqual(['started', 'stopping', 'not stopped in time'])
})

test('a second signal ends it at once', async () => {
  const child = await givenProcess(['--ending=stuck'], /started/)
  child.signal('SIGTERM')
  await child.waitForLine(/stopping/)
  child.signal('SIGTERM')
  expect(await child.exited).toBe(1)
})

test('faults of the configuration are all told and end it with 1', async () => {
  const child = await givenProcess(['--logLevel=loud', '--shutdownTimeout=soon', '--nonsense'])
  expect(await child.exited).toBe(1)
  expect(child.lines).toEqual([
    "fixture can't start:",
    '  --nonsense: no such flag; see --help',
    '  --logLevel: must be one of trace, debug, info, warn, error, fatal',
    '  --shutdownTimeout: "soon" is not a duration such as 90s, 5m or 1h30m',
  ])
})

test('--help tells every setting and ends it with 0', async () => {
  const child = await givenProcess(['--help'])
  expect(await child.exited).toBe(0)
  expect(child.lines.join('\n')).toContain('--shutdownTimeout')
})

test('settings that contradict each other are told before anything is opened', async () => {
  const child = await givenProcess(['--redisSentinels=a:1', '--redisClusterNodes=b:2'])
  expect(await child.exited).toBe(1)
  expect(child.lines.join('\n')).toContain('only one of them can be where Redis is')
})
