import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeAlert } from '../testing/builders.ts'
import { type Alert, type InvalidAlert, isInvalid, MAX_ALERT_CHARACTERS, parseAlert } from './alert.ts'

/** The alert of the Operarios guide, without fingerprint and startsAt. */
const GUIDE_ALERT = {
  status: 'firing',
  labels: { alertname: 'DiskSpaceLow', severity: 'warning', instance: 'node-1', mountpoint: '/var/log' },
  annotations: { description: 'Disk space is running low' },
}

test('parseAlert computes a missing fingerprint', () => {
  expect(valid({ ...GUIDE_ALERT })).toMatchObject({ alertname: 'DiskSpaceLow', fingerprint: 'f50231e3d4238e6b' })
})

test.each([
  ['as received', 'cafe', 'cafe'],
  ['computed if it is empty', '', 'f50231e3d4238e6b'],
])('parseAlert uses the fingerprint %s', (_, fingerprint, want) => {
  expect(valid({ ...GUIDE_ALERT, fingerprint }).fingerprint).toBe(want)
})

test('parseAlert does not require annotations', () => {
  const { annotations, ...bare } = GUIDE_ALERT
  expect(Object.keys(valid(bare).annotations)).toEqual([])
})

test.each(['2026-11-23T03:58:54Z', '2026-11-23T03:58:54.050894278Z', '2026-11-23T04:58:54.05+01:00'])(
  'parseAlert keeps the time %s unchanged',
  (startsAt) => {
    expect(valid({ ...GUIDE_ALERT, startsAt }).startsAt).toBe(startsAt)
  },
)

test("parseAlert treats Go's zero time as absent", () => {
  expect(valid({ ...GUIDE_ALERT, endsAt: '0001-01-01T00:00:00Z' }).endsAt).toBeUndefined()
})

test('parseAlert treats null as absent', () => {
  const nulls = { annotations: null, startsAt: null, endsAt: null, generatorURL: null, fingerprint: null }
  const { annotations, startsAt, generatorURL, fingerprint } = valid({ ...GUIDE_ALERT, ...nulls })
  expect({ ...annotations }).toEqual({})
  expect([startsAt, generatorURL]).toEqual([undefined, undefined])
  expect(fingerprint).toBe(valid(GUIDE_ALERT).fingerprint)
})

test('parseAlert ignores unknown fields', () => {
  expect(valid({ ...GUIDE_ALERT, routeLabels: { team: 'a' } })).not.toHaveProperty('routeLabels')
})

test.each([
  ['null', null, 'the alert must be an object'],
  ['a number', 1, 'the alert must be an object'],
  ['a list', [], 'the alert must be an object'],
  ['no status', { ...GUIDE_ALERT, status: undefined }, 'status must be "firing" or "resolved"'],
  ['another status', { ...GUIDE_ALERT, status: 'FIRING' }, 'status must be "firing" or "resolved"'],
  ['no labels', { status: 'firing' }, 'labels must be an object of strings'],
  ['labels that are text', { status: 'firing', labels: 'a' }, 'labels must be an object of strings'],
  ['a label that is a number', { status: 'firing', labels: { a: 1 } }, 'labels.a must be a string'],
  ['no alertname', { status: 'firing', labels: {} }, 'labels.alertname is missing; it selects the Operario'],
  ['an empty alertname', { ...GUIDE_ALERT, labels: { alertname: '' } }, 'labels.alertname is missing'],
  ['annotations that are text', { ...GUIDE_ALERT, annotations: 'a' }, 'annotations must be an object of strings'],
  ['an invalid time', { ...GUIDE_ALERT, startsAt: 'yesterday' }, 'startsAt must be an RFC 3339 time'],
  ['a time that is a number', { ...GUIDE_ALERT, endsAt: 1 }, 'endsAt must be an RFC 3339 time'],
  ['an invalid URL', { ...GUIDE_ALERT, generatorURL: 1 }, 'generatorURL must be a string'],
  ['an invalid fingerprint', { ...GUIDE_ALERT, fingerprint: 1 }, 'fingerprint must be a string'],
])('parseAlert reports an alert that has %s', (_, input, want) => {
  expect(invalid(input).invalid).toContain(want)
})

test('parseAlert ignores an inherited alertname', () => {
  expect(invalid({ status: 'firing', labels: JSON.parse('{"__proto__":{"alertname":"x"}}') }).invalid).toContain(
    'labels.__proto__ must be a string',
  )
})

test.each([
  ['labels', { ...GUIDE_ALERT, labels: { alertname: 'A', long: 'x'.repeat(MAX_ALERT_CHARACTERS) } }],
  ['a label name', { ...GUIDE_ALERT, labels: { alertname: 'A', ['x'.repeat(MAX_ALERT_CHARACTERS)]: '' } }],
  ['annotations', { ...GUIDE_ALERT, annotations: { long: 'x'.repeat(MAX_ALERT_CHARACTERS) } }],
  ['a generatorURL', { ...GUIDE_ALERT, generatorURL: 'x'.repeat(MAX_ALERT_CHARACTERS) }],
  ['a fingerprint', { ...GUIDE_ALERT, fingerprint: 'x'.repeat(MAX_ALERT_CHARACTERS) }],
  ['a time', { ...GUIDE_ALERT, startsAt: `2026-11-23T03:58:54.${'0'.repeat(MAX_ALERT_CHARACTERS)}Z` }],
])('parseAlert rejects an alert that is too large because of %s', (_, input) => {
  const alert = invalid(input)
  expect(alert.invalid).toMatch(/^the alert has \d+ characters, more than the limit of 262144$/)
  expect(JSON.stringify(alert).length).toBeLessThan(10_000)
})

test('parseAlert reads what it can from an invalid alert', () => {
  expect(invalid({ status: 'resolved', labels: { alertname: 'A', bad: 1 } })).toEqual({
    invalid: 'labels.bad must be a string',
    status: 'resolved',
    alertname: 'A',
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    excerpt: '{"status":"resolved","labels":{"alertname":"A","bad":1}}',
  })
})

test('parseAlert gives different invalid alerts different fingerprints', () => {
  const [one, same, other] = [{ labels: 1 }, { labels: 1 }, { labels: 2 }].map(invalid)
  expect(one?.fingerprint).toBe(same?.fingerprint)
  expect(one?.fingerprint).not.toBe(other?.fingerprint)
})

test.each([
  ['undefined', () => undefined],
  ['a list nested a hundred thousand times', () => JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown],
  [
    'a cycle',
    () => {
      const cycle: { self?: unknown } = {}
      cycle.self = cycle
      return cycle
    },
  ],
])('parseAlert does not throw for %s', (_, input) => {
  expect(invalid(input()).invalid).toContain('must be')
})

test('parseAlert never throws for any JSON', () => {
  const alertLike = fc.record(
    { status: fc.jsonValue(), labels: fc.jsonValue(), annotations: fc.jsonValue(), startsAt: fc.jsonValue() },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), alertLike), (input) => {
      const alert = parseAlert(input)
      expect(isInvalid(alert) ? alert.invalid : alert.alertname).not.toBe('')
    }),
    { numRuns: 300 },
  )
})

test('parseAlert round-trips its own alerts', () => {
  const alert = makeAlert({ labels: { alertname: 'A', ['__proto__']: 'hostile', constructor: 'too' } })
  expect(JSON.stringify(parseAlert(JSON.parse(JSON.stringify(alert))))).toContain('"__proto__":"hostile"')
  expect(parseAlert(JSON.parse(JSON.stringify(alert)))).toEqual(alert)
})

function valid(input: unknown): Alert {
  const alert = parseAlert(input)
  if (isInvalid(alert)) throw new Error(alert.invalid)
  return alert
}

function invalid(input: unknown): InvalidAlert {
  const alert = parseAlert(input)
  if (!isInvalid(alert)) throw new Error('the alert is valid')
  return alert
}
