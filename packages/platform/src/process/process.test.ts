import { fileURLToPath } from 'node:url'
import { type ManagedProcess, startProcess } from '@opifer/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'

const script = fileURLToPath(new URL('../testing/fixture-process.ts', import.meta.url))

async function runFixture(args: string[], readyLine?: RegExp): Promise<ManagedProcess> {
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

const CLOSED = ['close failed', 'first closed']

test.each(['SIGTERM', 'SIGINT'] as const)('%s closes everything and exits 0', async (signal) => {
  const child = await runFixture([], /started/)
  child.signal(signal)
  expect(await child.exited).toBe(0)
  expect(messages(child)).toEqual(['started', 'stopping', ...CLOSED, 'stopped'])
})

describe('a start that fails', () => {
  test('a failed start is logged, closes what was opened, and exits 1', async () => {
    const child = await runFixture(['--mode=broken start'])
    expect(await child.exited).toBe(1)
    expect(messages(child)).toEqual(['could not start', ...CLOSED])
    expect(child.lines[0]).toContain('no start')
  })

  test('a failed start exits 1 even if closing takes too long', async () => {
    const child = await runFixture(['--mode=stuck start', '--shutdownTimeout=100ms'])
    expect(await child.exited).toBe(1)
  })
})

test.each([
  ['uncaught', 'SyntaxError'],
  ['unhandled', 'not awaited'],
])('an %s error is logged, closes everything and exits 1', async (mode, want) => {
  const child = await runFixture([`--mode=${mode}`])
  expect(await child.exited).toBe(1)
  const fatal = child.lines.find((line) => line.includes('"level":"fatal"'))
  expect(fatal).toContain('uncaught error')
  expect(fatal).toContain(want)
  expect(messages(child).slice(-3)).toEqual([...CLOSED, 'stopped'])
})

test('a shutdown that takes too long is cut off, logged, and exits 1', async () => {
  const child = await runFixture(['--mode=stuck', '--shutdownTimeout=100ms'], /started/)
  expect(await child.stop()).toBe(1)
  expect(messages(child)).toEqual(['started', 'stopping', 'shutdown timed out'])
})

test('a second signal exits at once', async () => {
  const child = await runFixture(['--mode=stuck'], /started/)
  child.signal('SIGTERM')
  await child.waitForLine(/stopping/)
  child.signal('SIGTERM')
  expect(await child.exited).toBe(1)
})

test('all configuration errors are printed, and it exits 1', async () => {
  const child = await runFixture(['--logLevel=loud', '--shutdownTimeout=soon', '--nonsense'])
  expect(await child.exited).toBe(1)
  expect(child.lines).toEqual([
    'fixture: invalid configuration',
    '  --nonsense: unknown flag; see --help',
    '  --logLevel: must be one of trace, debug, info, warn, error, fatal',
    '  --shutdownTimeout: must be a duration such as 90s, 5m or 1h30m, not "soon"',
  ])
})

test('--help prints every setting and exits 0', async () => {
  const child = await runFixture(['--help'])
  expect(await child.exited).toBe(0)
  expect(child.lines.join('\n')).toContain('--shutdownTimeout')
})

test('contradicting settings are reported before anything is opened', async () => {
  const child = await runFixture(['--redisSentinels=a:1', '--redisClusterNodes=b:2'])
  expect(await child.exited).toBe(1)
  expect(child.lines.join('\n')).toContain('set only one of them')
})
