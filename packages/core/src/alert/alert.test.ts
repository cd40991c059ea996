import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeAlert } from '../testing/builders.ts'
import { type Alert, type DefectiveAlert, isDefective, MAX_ALERT_CHARACTERS, parseAlert } from './alert.ts'

/** The guide's alert: no fingerprint, no startsAt. */
const GUIDE_ALERT = {
  status: 'firing',
  labels: { alertname: 'DiskSpaceLow', severity: 'warning', instance: 'node-1', mountpoint: '/var/log' },
  annotations: { description: 'Disk space is running low' },
}

describe('parseAlert', () => {
  it("computes the fingerprint that the guide's alert lacks", () => {
    expect(sound({ ...GUIDE_ALERT })).toMatchObject({ alertname: 'DiskSpaceLow', fingerprint: 'f50231e3d4238e6b' })
  })

  it.each([
    ['as it came', 'cafe', 'cafe'],
    ['computed where it is empty', '', 'f50231e3d4238e6b'],
  ])('takes the fingerprint %s', (_, fingerprint, want) => {
    expect(sound({ ...GUIDE_ALERT, fingerprint }).fingerprint).toBe(want)
  })

  it('needs no annotations', () => {
    const { annotations, ...bare } = GUIDE_ALERT
    expect(Object.keys(sound(bare).annotations)).toEqual([])
  })

  it.each(['2026-11-23T03:58:54Z', '2026-11-23T03:58:54.050894278Z', '2026-11-23T04:58:54.05+01:00'])(
    'keeps the time %s to the letter',
    (startsAt) => {
      expect(sound({ ...GUIDE_ALERT, startsAt }).startsAt).toBe(startsAt)
    },
  )

  it('takes the zero time of Go for no time', () => {
    expect(sound({ ...GUIDE_ALERT, endsAt: '0001-01-01T00:00:00Z' }).endsAt).toBeUndefined()
  })

  it('takes null for nothing, as many programs write it', () => {
    const nulls = { annotations: null, startsAt: null, endsAt: null, generatorURL: null, fingerprint: null }
    const { annotations, startsAt, generatorURL, fingerprint } = sound({ ...GUIDE_ALERT, ...nulls })
    expect({ ...annotations }).toEqual({})
    expect([startsAt, generatorURL]).toEqual([undefined, undefined])
    expect(fingerprint).toBe(sound(GUIDE_ALERT).fingerprint)
  })

  it('lets unknown fields pass', () => {
    expect(sound({ ...GUIDE_ALERT, routeLabels: { team: 'a' } })).not.toHaveProperty('routeLabels')
  })

  it.each([
    ['null', null, 'the alert must be an object'],
    ['a number', 1, 'the alert must be an object'],
    ['a list', [], 'the alert must be an object'],
    ['no status', { ...GUIDE_ALERT, status: undefined }, 'status must be "firing" or "resolved"'],
    ['another status', { ...GUIDE_ALERT, status: 'FIRING' }, 'status must be "firing" or "resolved"'],
    ['no labels', { status: 'firing' }, 'labels must be an object of strings'],
    ['labels that are text', { status: 'firing', labels: 'a' }, 'labels must be an object of strings'],
    ['a label that is a number', { status: 'firing', labels: { a: 1 } }, 'labels.a must be a string'],
    ['no alertname', { status: 'firing', labels: {} }, 'labels.alertname is missing: it chooses the Operario'],
    ['an empty alertname', { ...GUIDE_ALERT, labels: { alertname: '' } }, 'labels.alertname is missing'],
    ['annotations that are text', { ...GUIDE_ALERT, annotations: 'a' }, 'annotations must be an object of strings'],
    ['a time that is none', { ...GUIDE_ALERT, startsAt: 'yesterday' }, 'startsAt must be an RFC 3339 time'],
    ['a time that is a number', { ...GUIDE_ALERT, endsAt: 1 }, 'endsAt must be an RFC 3339 time'],
    ['a URL that is none', { ...GUIDE_ALERT, generatorURL: 1 }, 'generatorURL must be a string'],
    ['a fingerprint that is none', { ...GUIDE_ALERT, fingerprint: 1 }, 'fingerprint must be a string'],
  ])('says what is wrong with an alert that has %s', (_, input, want) => {
    expect(broken(input).defect).toContain(want)
  })

  it('does not take an inherited alertname for one', () => {
    expect(broken({ status: 'firing', labels: JSON.parse('{"__proto__":{"alertname":"x"}}') }).defect).toContain(
      'labels.__proto__ must be a string',
    )
  })

  it.each([
    ['labels', { ...GUIDE_ALERT, labels: { alertname: 'A', long: 'x'.repeat(MAX_ALERT_CHARACTERS) } }],
    ['a label name', { ...GUIDE_ALERT, labels: { alertname: 'A', ['x'.repeat(MAX_ALERT_CHARACTERS)]: '' } }],
    ['annotations', { ...GUIDE_ALERT, annotations: { long: 'x'.repeat(MAX_ALERT_CHARACTERS) } }],
    ['a generatorURL', { ...GUIDE_ALERT, generatorURL: 'x'.repeat(MAX_ALERT_CHARACTERS) }],
    ['a fingerprint', { ...GUIDE_ALERT, fingerprint: 'x'.repeat(MAX_ALERT_CHARACTERS) }],
    ['a time', { ...GUIDE_ALERT, startsAt: `2026-11-23T03:58:54.${'0'.repeat(MAX_ALERT_CHARACTERS)}Z` }],
  ])('refuses to keep an alert whose size is in %s', (_, input) => {
    const alert = broken(input)
    expect(alert.defect).toMatch(/^the alert holds \d+ characters, more than 262144$/)
    expect(JSON.stringify(alert).length).toBeLessThan(10_000)
  })

  it('tells of a defective alert what can still be told', () => {
    expect(broken({ status: 'resolved', labels: { alertname: 'A', bad: 1 } })).toEqual({
      defect: 'labels.bad must be a string',
      status: 'resolved',
      alertname: 'A',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      excerpt: '{"status":"resolved","labels":{"alertname":"A","bad":1}}',
    })
  })

  it('gives defective alerts fingerprints of their own', () => {
    const [one, same, other] = [{ labels: 1 }, { labels: 1 }, { labels: 2 }].map(broken)
    expect(one?.fingerprint).toBe(same?.fingerprint)
    expect(one?.fingerprint).not.toBe(other?.fingerprint)
  })

  it.each([
    ['nothing', () => undefined],
    ['a list nested a hundred thousand times', () => JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown],
    [
      'a circle',
      () => {
        const circle: { self?: unknown } = {}
        circle.self = circle
        return circle
      },
    ],
  ])('does not throw at %s', (_, input) => {
    expect(broken(input()).defect).toContain('must be')
  })

  it('never throws, whatever the JSON', () => {
    const alertLike = fc.record(
      { status: fc.jsonValue(), labels: fc.jsonValue(), annotations: fc.jsonValue(), startsAt: fc.jsonValue() },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), alertLike), (input) => {
        const alert = parseAlert(input)
        expect(isDefective(alert) ? alert.defect : alert.alertname).not.toBe('')
      }),
      { numRuns: 300 },
    )
  })

  it('reads its own alerts back as they were', () => {
    const alert = makeAlert({ labels: { alertname: 'A', ['__proto__']: 'hostile', constructor: 'too' } })
    expect(JSON.stringify(parseAlert(JSON.parse(JSON.stringify(alert))))).toContain('"__proto__":"hostile"')
    expect(parseAlert(JSON.parse(JSON.stringify(alert)))).toEqual(alert)
  })
})

function sound(input: unknown): Alert {
  const alert = parseAlert(input)
  if (isDefective(alert)) throw new Error(alert.defect)
  return alert
}

function broken(input: unknown): DefectiveAlert {
  const alert = parseAlert(input)
  if (!isDefective(alert)) throw new Error('the alert is sound')
  return alert
}
