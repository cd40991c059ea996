import { parseConfig } from '@opifer/platform/config'
import { expect, test } from 'vitest'
import { selectorLabels, WORKER_OPTIONS } from './config.ts'

test("the defaults are OpenFero's", () => {
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

test("OpenFero's flags are accepted", () => {
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
])('$flag is rejected', ({ flag, want }) => {
  expect(parse([flag])).toMatchObject({ kind: 'errors', errors: [expect.stringContaining(want)] })
})

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
])('selectorLabels returns $want for "$selector"', ({ selector, want }) => {
  expect(selectorLabels(selector)).toEqual(want)
})

function parse(argv: string[]) {
  return parseConfig(WORKER_OPTIONS, argv, {})
}
