import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type InvalidAlert, isInvalid, parseAlert } from '../alert/alert.ts'
import { makeAlert } from '../testing/builders.ts'
import { alertId, beganOf, dedupId, episode, runId } from './identity.ts'

const origin = { receiver: 'openfero', groupKey: 'g' }
const one = makeAlert({ fingerprint: 'f1' })
const other = makeAlert({ fingerprint: 'f2' })

describe('dedupId', () => {
  it('joins repeats, retries and refires of an alert, whatever else changed', () => {
    const later = makeAlert({ fingerprint: 'f1', startsAt: '2027-01-01T00:00:00Z', labels: { alertname: 'B' } })
    expect(dedupId(origin, one, 'alert')).toBe(dedupId(origin, later, 'alert'))
  })

  it('keeps the alerts of a group apart', () => {
    expect(dedupId(origin, one, 'alert')).not.toBe(dedupId(origin, other, 'alert'))
  })

  it('keeps firing and resolved apart', () => {
    expect(dedupId(origin, one, 'alert')).not.toBe(dedupId(origin, { ...one, status: 'resolved' }, 'alert'))
  })

  it('makes one run of a group where that is the scope', () => {
    expect(dedupId(origin, one, 'group')).toBe(dedupId(origin, other, 'group'))
    expect(dedupId(origin, one, 'group')).not.toBe(dedupId(origin, { ...one, status: 'resolved' }, 'group'))
    expect(dedupId(origin, one, 'group')).not.toBe(dedupId({ ...origin, groupKey: 'h' }, one, 'group'))
  })

  it('never lets a defective alert stand in for its group', () => {
    const [broken, brokenToo] = [{ labels: 1 }, { labels: 2 }].map(defective)
    const ids = [one, broken, brokenToo].map((alert) => alert && dedupId(origin, alert, 'group'))
    expect(new Set(ids).size).toBe(3)
  })

  it('is fit for a BullMQ id: no colon, not all digits', () => {
    expect(dedupId(origin, one, 'alert')).toMatch(/^[0-9a-f]{64}$/)
  })

  it('is equal for equal inputs alone', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '"', ',', '\0') })
    const input = fc.record({ receiver: text, groupKey: text, fingerprint: text, resolved: fc.boolean() })
    const id = ({ fingerprint, resolved, ...from }: typeof input extends fc.Arbitrary<infer T> ? T : never) =>
      dedupId(from, makeAlert({ fingerprint, status: resolved ? 'resolved' : 'firing' }), 'alert')
    fc.assert(
      fc.property(input, input, (a, b) => {
        expect(id(a)).toBe(id({ ...a }))
        expect(id(a) === id(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
      { numRuns: 300 },
    )
  })

  it('changes with each component alone', () => {
    const changes = [
      dedupId(origin, one, 'alert'),
      dedupId({ ...origin, receiver: 'r' }, one, 'alert'),
      dedupId({ ...origin, groupKey: 'h' }, one, 'alert'),
      dedupId(origin, other, 'alert'),
      dedupId(origin, { ...one, status: 'resolved' }, 'alert'),
      // A part that moves from one component to the next is a change too.
      dedupId({ receiver: 'openferog', groupKey: '' }, one, 'alert'),
    ]
    expect(new Set(changes).size).toBe(changes.length)
  })
})

describe('alertId', () => {
  it('leads from the resolved alert to the firing one', () => {
    expect(alertId(origin, { ...one, status: 'resolved' })).toBe(alertId(origin, one))
  })

  it('is its own for each alert, group and receiver', () => {
    const ids = [
      alertId(origin, one),
      alertId(origin, other),
      alertId({ ...origin, groupKey: 'h' }, one),
      alertId({ ...origin, receiver: 'r' }, one),
    ]
    expect(new Set(ids).size).toBe(4)
  })
})

describe('episode', () => {
  it('begins anew when the alert fires anew', () => {
    expect(episode('d', '2026-11-23T03:58:54Z')).not.toBe(episode('d', '2026-11-24T03:58:54Z'))
  })

  it('is the same every time, without a start too', () => {
    expect(episode('d', undefined)).toBe(episode('d', undefined))
    expect(episode('d', undefined)).not.toBe(episode('e', undefined))
  })
})

function defective(input: unknown): InvalidAlert {
  const alert = parseAlert(input)
  if (!isInvalid(alert)) throw new Error('the alert is sound')
  return alert
}

describe('the id of a run', () => {
  it.each([0, 1_700_000_000_000, -1])('tells that its firing began at %d', (began) => {
    expect(beganOf(runId('0f8e6f0a-1111-4222-8333-444455556666', began))).toBe(began)
  })

  it('that does not tell is no number', () => {
    expect(beganOf('0f8e6f0a-1111-4222-8333-444455556666')).toBeNaN()
  })

  it('fits into a label value', () => {
    const id = runId('0f8e6f0a-1111-4222-8333-444455556666', Date.parse('9999-12-31T23:59:59Z'))
    expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9]$/)
  })
})
