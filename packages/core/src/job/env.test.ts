import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Alert } from '../alert/alert.ts'
import { labelSet } from '../alert/label-set.ts'
import { hostileLabels } from '../testing/arbitraries.ts'
import { makeAlert, makeRun } from '../testing/builders.ts'
import { expand, MAX_ENV_ENTRY } from '../testing/kubernetes.ts'
import { injectedEnv } from './env.ts'

const CUT = '…[cut by opifer]'

test("injectedEnv has every label and Opifer's own variables in a fixed order", () => {
  const run = makeRun()
  const { variables, warnings } = injectedEnv(run, makeAlert())
  expect(variables.slice(0, 6)).toEqual([
    { name: 'OPIFER_RUN_ID', value: run.id },
    { name: 'OPIFER_STATUS', value: 'firing' },
    { name: 'OPIFER_FINGERPRINT', value: 'f50231e3d4238e6b' },
    { name: 'OPIFER_GROUP_KEY', value: run.groupKey },
    { name: 'OPIFER_STARTS_AT', value: '2026-11-23T03:58:54.050894278Z' },
    { name: 'OPIFER_GENERATOR_URL', value: 'http://prometheus:9090/graph' },
  ])
  expect(variables.slice(7)).toEqual([
    { name: 'OPENFERO_ALERTNAME', value: 'DiskSpaceLow' },
    { name: 'OPENFERO_INSTANCE', value: 'node-1' },
    { name: 'OPENFERO_MOUNTPOINT', value: '/var/log' },
    { name: 'OPENFERO_SEVERITY', value: 'warning' },
  ])
  expect(warnings).toEqual([])
})

test('injectedEnv has empty variables for a missing start and source', () => {
  const values = seen(makeAlert({ startsAt: undefined, generatorURL: undefined }))
  expect(values).toMatchObject({ OPIFER_STARTS_AT: '', OPIFER_GENERATOR_URL: '' })
})

test('injectedEnv does not depend on the order of the labels', () => {
  const forth = makeAlert({ labels: { alertname: 'A', 'a-b': '1', a_b: '2', 'a.b': '3' } })
  const back = makeAlert({ labels: { 'a.b': '3', a_b: '2', 'a-b': '1', alertname: 'A' } })
  const { variables, ...rest } = injectedEnv(makeRun(), back)
  expect(injectedEnv(makeRun(), forth)).toMatchObject(rest)
  expect(injectedEnv(makeRun(), forth).variables.filter(isLabel)).toEqual(variables.filter(isLabel))
})

test.each([
  ['größe', 'OPENFERO_GR__E'],
  ['k8s.io/name', 'OPENFERO_K8S_IO_NAME'],
  ['a-b', 'OPENFERO_A_B'],
  ['=x', 'OPENFERO__X'],
  ['0', 'OPENFERO_0'],
  ['__proto__', 'OPENFERO___PROTO__'],
  ['constructor', 'OPENFERO_CONSTRUCTOR'],
  ['', 'OPENFERO_'],
])('injectedEnv maps the label %j to %s', (label, want) => {
  expect(seen(makeAlert({ labels: { [label]: 'value' } }))).toHaveProperty(want, 'value')
})

test.each([
  [{ a_b: 'wins', 'a-b': 'x', 'A-b': 'x', 'a.b': 'x' }],
  [{ a_b: 'wins', A_B: 'x' }],
  [{ 'a-b': 'wins', 'a.b': 'x' }],
  [{ A_B: 'wins', 'a-b': 'x' }],
])('injectedEnv picks the label of %j that needs the least change', (labels) => {
  expect(seen(makeAlert({ labels: { ...labels } }))).toHaveProperty('OPENFERO_A_B', 'wins')
})

test('injectedEnv warns about a label that lost to another', () => {
  const alert = makeAlert({ labels: { 'a-b': '1', a_b: '2' } })
  expect(injectedEnv(makeRun(), alert).warnings).toEqual([
    'label "a-b" is dropped: "a_b" maps to the same variable OPENFERO_A_B',
  ])
})

test('injectedEnv limits the number of warnings', () => {
  const names = Array.from({ length: 10_000 }, (_, index) => [String.fromCodePoint(0x4e00 + index), ''])
  const { warnings } = injectedEnv(makeRun(), makeAlert({ labels: labelSet(Object.fromEntries(names)) }))
  expect(warnings).toHaveLength(21)
  expect(warnings.at(-1)).toMatch(/^and \d+ more/)
})

test.each([
  '$(OPIFER_RUN_ID)',
  '$$(PATH)',
  '$',
  '$$',
  'ends with $',
  '$é',
  '$(',
  '$()',
  '$$$(A)$$',
  '5$ or $(B',
  '\\$(C)',
])('injectedEnv passes %j to the container unchanged', (value) => {
  expect(seen(makeAlert({ labels: { value } })).OPENFERO_VALUE).toBe(value)
})

test.each([
  ['a NUL, which would end the variable', 'a\0b', 'a\uFFFDb'],
  ['the first half of a surrogate pair', 'a\ud83d', 'a\uFFFD'],
  ['the second half of a surrogate pair', '\udd25b', '\uFFFDb'],
])('injectedEnv replaces %s', (_, value, want) => {
  expect(seen(makeAlert({ labels: { value } })).OPENFERO_VALUE).toBe(want)
})

test.each(['x', 'é', '✓', '😀', '$'])(
  'injectedEnv cuts a label of 200 kB of %s at a character boundary, marks it and warns',
  (unit) => {
    const value = unit.repeat(200_000 / Buffer.byteLength(unit))
    const alert = makeAlert({ labels: { alertname: 'A', value } })
    const cut = seen(alert).OPENFERO_VALUE ?? ''
    expect(cut.endsWith(CUT)).toBe(true)
    expect(value.startsWith(cut.slice(0, -CUT.length))).toBe(true)
    const bytes = Buffer.byteLength(`OPENFERO_VALUE=${cut}`)
    expect(bytes).toBeLessThanOrEqual(MAX_ENV_ENTRY)
    expect(bytes).toBeGreaterThan(MAX_ENV_ENTRY - 4)
    expect(injectedEnv(makeRun(), alert).warnings).toContain('OPENFERO_VALUE is cut to 131056 bytes, the kernel limit')
  },
)

test('injectedEnv keeps the longest label that fits', () => {
  const value = 'x'.repeat(MAX_ENV_ENTRY - 'OPENFERO_VALUE='.length)
  expect(seen(makeAlert({ labels: { alertname: 'A', value } })).OPENFERO_VALUE).toBe(value)
})

test('injectedEnv drops a label with a huge name and warns', () => {
  const label = 'x'.repeat(2_000)
  const { variables, warnings } = injectedEnv(makeRun(), makeAlert({ labels: { alertname: 'A', [label]: '1' } }))
  expect(variables.filter(isLabel)).toEqual([{ name: 'OPENFERO_ALERTNAME', value: 'A' }])
  expect(warnings).toEqual([
    expect.stringMatching(/^label "x{60}….* is dropped: its variable name is longer than 1024/),
  ])
})

test('injectedEnv maps any labels to variables with their values', () => {
  fc.assert(
    fc.property(hostileLabels, (hostile) => {
      const alert = makeAlert({ labels: hostile })
      const variables = injectedEnv(makeRun(), alert).variables.filter(isLabel)
      const labels = Object.entries(alert.labels).map(([label, text]) => ({ name: nameOf(label), text: cleaned(text) }))
      expect(variables.map(({ name }) => name)).toEqual([...new Set(labels.map(({ name }) => name))].sort())
      const strange = variables.filter((variable) => {
        const value = expand(variable.value)
        return !labels.some(({ name, text }) => name === variable.name && isPassedOn(text, value))
      })
      expect(strange).toEqual([])
    }),
    { numRuns: 150 },
  )
})

test('OPIFER_ALERT is the whole alert as sent', () => {
  const { alertname, ...asSent } = makeAlert({ labels: { alertname: 'A', cost: '$(5)', ['__proto__']: 'p' } })
  expect(JSON.parse(alertVariable({ alertname, ...asSent }))).toEqual(JSON.parse(JSON.stringify(asSent)))
  expect(alertVariable({ alertname, ...asSent })).toContain('"__proto__":"p"')
})

test('OPIFER_ALERT is complete up to 130 kB', () => {
  expect(fromJson(makeAlert({ annotations: { long: 'x'.repeat(130_000) } }))).not.toHaveProperty('truncated')
})

test('OPIFER_ALERT has long texts cut individually, with a warning', () => {
  const alert = makeAlert({ annotations: { long: 'x'.repeat(150_000), short: 'stays' } })
  expect(fromJson(alert)).toMatchObject({
    status: 'firing',
    labels: { alertname: 'DiskSpaceLow', instance: 'node-1' },
    annotations: { long: `${'x'.repeat(4_096)}… (150000 characters)`, short: 'stays' },
    truncated: true,
  })
  expect(injectedEnv(makeRun(), alert).warnings).toEqual(['OPIFER_ALERT is shortened to fit the kernel limit'])
})

test.each([
  ['many long texts', { annotations: many(200, (index) => [`a${index}`, 'x'.repeat(1_000)]) }],
  [
    'texts that JSON writes six times as long',
    { annotations: many(60, (index) => [`a${index}`, '\u0001'.repeat(4_000)]) },
  ],
  [
    'names that JSON writes six times as long',
    { annotations: many(1_200, (index) => [`${index}${'\u0001'.repeat(95)}`, '\u0001'.repeat(100)]) },
  ],
  [
    'labels too',
    {
      labels: many(64, (index) => [`${index}${'\u0001'.repeat(95)}`, '\u0001'.repeat(1_000)]),
      annotations: many(64, (index) => [`${index}${'\u0001'.repeat(95)}`, '\u0001'.repeat(1_000)]),
    },
  ],
  ['a huge name', { annotations: { ['x'.repeat(200_000)]: '' } }],
  ['a huge source', { generatorURL: `http://${'x'.repeat(200_000)}` }],
  ['a huge fingerprint', { fingerprint: 'x'.repeat(200_000) }],
  ['dollar signs', { annotations: { long: '$'.repeat(200_000) } }],
])('OPIFER_ALERT is valid JSON within the kernel limit with %s', (_, overrides) => {
  expect(fromJson(makeAlert(overrides))).toMatchObject({ status: 'firing', truncated: true })
})

test('OPIFER_ALERT is valid JSON within the kernel limit for any alert', () => {
  fc.assert(
    fc.property(hostileLabels, hostileLabels, (labels, annotations) => {
      expect(fromJson(makeAlert({ labels, annotations }))).toHaveProperty('status', 'firing')
    }),
    { numRuns: 100 },
  )
})

/** The variables as the container sees them. */
function seen(alert: Alert): Record<string, string> {
  return Object.fromEntries(injectedEnv(makeRun(), alert).variables.map(({ name, value }) => [name, expand(value)]))
}

function alertVariable(alert: Alert): string {
  return seen(alert)['OPIFER_ALERT'] ?? ''
}

function fromJson(alert: Alert): unknown {
  const json = alertVariable(alert)
  expect(Buffer.byteLength(`OPIFER_ALERT=${json}`)).toBeLessThanOrEqual(MAX_ENV_ENTRY)
  return JSON.parse(json)
}

function many(count: number, entry: (index: number) => [string, string]): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)))
}

function isLabel({ name }: { name: string }): boolean {
  return name.startsWith('OPENFERO_')
}

function nameOf(label: string): string {
  return `OPENFERO_${label.replace(/[^A-Za-z0-9]/g, '_').toUpperCase()}`
}

/** Unchanged, or cut and marked if too long. */
function isPassedOn(text: string, value: string): boolean {
  const isCut = Buffer.byteLength(text) > 130_000 && value.endsWith(CUT)
  return value === text || (isCut && text.startsWith(value.slice(0, -CUT.length)))
}

/** A text as an environment variable can hold it. */
function cleaned(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}
