import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type InvalidAlert, isInvalid, parseAlert } from '../alert/alert.ts'
import { makeAlert, makeRun } from '../testing/builders.ts'
import { alertId, alertKeyOf, type DedupScope, identify, type Origin } from './identity.ts'

const origin = { receiver: 'openfero', groupKey: 'g' }
const one = makeAlert({ labels: { instance: 'a' } })
const other = makeAlert({ labels: { instance: 'b' } })
const later = { ...one, startsAt: '2027-01-01T00:00:00Z' }
const resolved = { ...one, status: 'resolved' } as const

const keyOf = (alert: Parameters<typeof identify>[1], from: Origin = origin, scope: DedupScope = 'alert') =>
  identify(from, alert, scope).alertKey
const dedupIdOf = (alert: Parameters<typeof identify>[1], from: Origin = origin, scope: DedupScope = 'alert') =>
  identify(from, alert, scope).dedupId

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

describe('identify', () => {
  test('the fingerprint that the sender gave changes no identity', () => {
    expect(identify(origin, { ...one, fingerprint: 'forged' }, 'alert')).toEqual(identify(origin, one, 'alert'))
  })

  test('annotations, generator URL and end change no identity', () => {
    const repeat = { ...one, annotations: {}, generatorURL: 'http://other', endsAt: '2027-01-01T00:00:00Z' }
    expect(identify(origin, repeat, 'alert')).toEqual(identify(origin, one, 'alert'))
  })

  test('the order of labels changes no identity', () => {
    const labels = { alertname: 'A', b: '1', a: '2' }
    const reversed = { a: '2', b: '1', alertname: 'A' }
    expect(identify(origin, { ...one, labels: reversed }, 'alert')).toEqual(
      identify(origin, { ...one, labels }, 'alert'),
    )
  })

  test('another startsAt is another firing of the same alert', () => {
    expect(dedupIdOf(later)).not.toBe(dedupIdOf(one))
    expect(keyOf(later)).toBe(keyOf(one))
  })

  test.each(['2027-01-01T00:00:00.000Z', '2027-01-01T01:00:00+01:00', '2026-12-31T19:00:00-05:00'])(
    'the instant 2027-01-01T00:00:00Z spelled %s is the same firing',
    (startsAt) => {
      expect(dedupIdOf({ ...one, startsAt })).toBe(dedupIdOf(later))
    },
  )

  test('an alert without startsAt has its alert key as deduplication id', () => {
    const { alertKey, dedupId } = identify(origin, { ...one, startsAt: undefined }, 'alert')
    expect(dedupId).toBe(alertKey)
    expect(alertKey).toBe(keyOf(one))
  })

  test('an alert with startsAt has a deduplication id of its own', () => {
    expect(dedupIdOf(one)).not.toBe(keyOf(one))
  })

  test('the alerts of a group have different alert keys', () => {
    expect(keyOf(one)).not.toBe(keyOf(other))
    expect(dedupIdOf(one)).not.toBe(dedupIdOf(other))
  })

  test('firing and resolved share the alert id, and neither alert key nor deduplication id', () => {
    const [a, b] = [identify(origin, one, 'alert'), identify(origin, resolved, 'alert')]
    expect(b.alertId).toBe(a.alertId)
    expect(b.alertKey).not.toBe(a.alertKey)
    expect(b.dedupId).not.toBe(a.dedupId)
  })

  test('a group as scope has one alert key and deduplication id for each status', () => {
    const ids = [keyOf, dedupIdOf]
    for (const id of ids) {
      expect(id(one, origin, 'group')).toBe(id(other, origin, 'group'))
      expect(id(one, origin, 'group')).toBe(id(later, origin, 'group'))
      expect(id(one, origin, 'group')).not.toBe(id(resolved, origin, 'group'))
      expect(id(one, origin, 'group')).not.toBe(id(one, { ...origin, groupKey: 'h' }, 'group'))
      expect(id(one, origin, 'group')).not.toBe(id(one, { ...origin, receiver: 'r' }, 'group'))
    }
  })

  test('an invalid alert never takes the place of its group', () => {
    const alerts = [one, invalid({ labels: 1 }), invalid({ labels: 2 })]
    for (const id of [keyOf, dedupIdOf]) {
      expect(new Set(alerts.map((alert) => id(alert, origin, 'group'))).size).toBe(3)
    }
  })

  test('every identity is fit for a BullMQ id: no colon, not all digits', () => {
    for (const alert of [one, resolved, { ...one, startsAt: undefined }, invalid(null)]) {
      for (const scope of ['alert', 'group'] as const) {
        for (const id of Object.values(identify(origin, alert, scope))) expect(id).toMatch(/^[0-9a-f]{64}$/)
      }
    }
  })

  test('identities are equal for equal inputs alone', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '"', ',', '\0') })
    const input = fc.record({ receiver: text, groupKey: text, label: text, resolved: fc.boolean(), second: fc.nat(2) })
    type Input = typeof input extends fc.Arbitrary<infer T> ? T : never
    const ids = ({ label, second, ...from }: Input) =>
      identify(
        from,
        makeAlert({
          labels: { label },
          status: from.resolved ? 'resolved' : 'firing',
          startsAt: `2027-01-01T00:00:0${second}Z`,
        }),
        'alert',
      )
    fc.assert(
      fc.property(input, input, (a, b) => {
        expect(ids(a)).toEqual(ids({ ...a }))
        expect(ids(a).dedupId === ids(b).dedupId).toBe(same(a, b))
        const { second: _, ...keyA } = a
        const { second: __, ...keyB } = b
        expect(ids(a).alertKey === ids(b).alertKey).toBe(same(keyA, keyB))
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['alert key', keyOf],
    ['deduplication id', dedupIdOf],
  ])('the %s changes with each component alone', (_, id) => {
    const changes = [
      id(one),
      id(one, { ...origin, receiver: 'r' }),
      id(one, { ...origin, groupKey: 'h' }),
      id(other),
      id(resolved),
      id({ ...one, labels: { ...one.labels, extra: '' } }),
      // A part that moves from one component to the next is a change too.
      id(one, { receiver: 'openferog', groupKey: '' }),
      id({ ...one, labels: { alertname: 'A', ab: 'c' } }),
      id({ ...one, labels: { alertname: 'A', a: 'bc' } }),
    ]
    expect(new Set(changes).size).toBe(changes.length)
  })
})

describe('alertId', () => {
  test('alertId leads from the resolved alert to the firing one', () => {
    expect(alertId(origin, resolved)).toBe(alertId(origin, one))
    expect(alertId(origin, later)).toBe(alertId(origin, one))
  })

  test('alertId is different for each alert, group and receiver', () => {
    const ids = [
      alertId(origin, one),
      alertId(origin, other),
      alertId({ ...origin, groupKey: 'h' }, one),
      alertId({ ...origin, receiver: 'r' }, one),
    ]
    expect(new Set(ids).size).toBe(4)
  })
})

test('alertKeyOf returns the alert key of a run', () => {
  expect(alertKeyOf(makeRun({ alertKey: 'k', dedupId: 'd' }))).toBe('k')
})

test('alertKeyOf falls back to the deduplication id for a run of an older version', () => {
  expect(alertKeyOf(makeRun({ alertKey: undefined, dedupId: 'd' }))).toBe('d')
})

function invalid(input: unknown): InvalidAlert {
  const alert = parseAlert(input)
  if (!isInvalid(alert)) throw new Error('the alert is valid')
  return alert
}
