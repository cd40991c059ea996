import { parseConfig } from '@opifer/platform/config'
import { describe, expect, test } from 'vitest'
import { selectorLabels, WORKER_OPTIONS } from './config.ts'

test('without a word it is as OpenFero is', () => {
  expect(parse([])).toMatchObject({
    kind: 'config',
    config: {
      labelSelector: 'app=openfero',
      jobTtl: 300_000,
      cooldown: 60_000,
      maxAge: 3_600_000,
      addr: { port: 8081 },
    },
  })
})

test("takes OpenFero's flags", () => {
  const flags = [
    '--kubeconfig=/k',
    '--configmapNamespace=a',
    '--jobDestinationNamespace=b',
    '--labelSelector=x=y',
    '--logLevel=debug',
  ]
  expect(parse(flags)).toMatchObject({
    kind: 'config',
    config: {
      kubeconfig: '/k',
      configmapNamespace: 'a',
      jobDestinationNamespace: 'b',
      labelSelector: 'x=y',
      logLevel: 'debug',
    },
  })
})

test.each([
  { flag: '--jobTtl=100000d', want: 'at most' },
  { flag: '--lockDuration=2d', want: 'at most' },
  { flag: '--lockDuration=100ms', want: 'at least' },
  { flag: '--concurrency=0', want: 'a whole number from 1' },
  { flag: '--cooldown=soon', want: 'a duration' },
])('$flag is refused', ({ flag, want }) => {
  expect(parse([flag])).toMatchObject({ kind: 'errors', errors: [expect.stringContaining(want)] })
})

describe('the labels that a selector asks for', () => {
  test.each([
    { selector: 'app=openfero', want: { app: 'openfero' } },
    { selector: 'app==openfero', want: { app: 'openfero' } },
    { selector: ' app = openfero , tier=ops ', want: { app: 'openfero', tier: 'ops' } },
    { selector: 'example.com/app=openfero', want: { 'example.com/app': 'openfero' } },
    { selector: 'app=openfero,tier!=dev,env in (a,b),zone notin (c),critical,!test', want: { app: 'openfero' } },
    { selector: 'env in (a=b,c=d)', want: {} },
    { selector: 'app=', want: {} },
    { selector: 'app', want: {} },
    { selector: '', want: {} },
  ])('of "$selector" are $want', ({ selector, want }) => {
    expect(selectorLabels(selector)).toEqual(want)
  })
})

function parse(argv: string[]) {
  return parseConfig(WORKER_OPTIONS, argv, {})
}
