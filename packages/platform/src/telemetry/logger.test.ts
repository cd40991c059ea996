import { fileURLToPath } from 'node:url'
import { startProcess } from '@opifer/testkit'
import { beforeAll, describe, expect, test } from 'vitest'

const script = fileURLToPath(new URL('../testing/logging-process.ts', import.meta.url))

let output: readonly string[]
const lines = new Map<string, Record<string, unknown>>()

beforeAll(async () => {
  const child = await startProcess({ command: process.execPath, args: [script] })
  await child.exited
  output = child.lines
  for (const line of output) {
    const entry = JSON.parse(line)
    lines.set(entry.msg, entry)
  }
})

test('a line is JSON with level, time and process', () => {
  expect(lines.get('plain')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    pid: expect.any(Number),
    name: 'fixture',
    alerts: 2,
    msg: 'plain',
  })
})

test('lines below the level are not logged', () => {
  expect([...lines.keys()]).not.toContain('not logged')
})

describe('an error is logged', () => {
  const api = { type: 'ApiError', code: 'ECONNREFUSED', stack: expect.stringContaining('logging-process.ts') }
  test.each([
    ['request', { ...api, message: 'refused' }],
    ['cause', { type: 'Error', message: 'outer', stack: expect.any(String), cause: { ...api, message: 'inner' } }],
    [
      'object as cause',
      { type: 'Error', message: 'outer', stack: expect.any(String), cause: '[object Object], not an Error' },
    ],
    [
      'aggregate',
      {
        type: 'AggregateError',
        message: '',
        stack: expect.any(String),
        errors: [
          { ...api, message: 'first' },
          { ...api, message: 'second' },
        ],
      },
    ],
    ['circular', expect.objectContaining({ message: 'round', cause: expect.objectContaining({ cause: 'circular' }) })],
    ['thrown object', '[object Object], not an Error'],
    ['thrown text', 'text'],
    ['nothing', undefined],
    ['object as code', { type: 'Error', message: 'coded', stack: expect.any(String) }],
  ])('logs the error of the line %s', (msg, want) => {
    expect(lines.get(msg)?.['err']).toEqual(want)
  })

  test('no error breaks the log', () => {
    expect(lines.has('end')).toBe(true)
  })
})

test('other properties of an error are not logged', () => {
  expect(output.join('\n')).not.toContain('s3cret')
})
