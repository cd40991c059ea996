import { expect, test } from 'vitest'
import { parseAlert } from '../alert/alert.ts'
import { parseWebhook } from '../alert/webhook.ts'
import { runSchema } from '../run/run.ts'
import { makeAlert, makeConfigMap, makeOperario, makeRun, makeWebhook } from './builders.ts'

test('the builders make valid input', () => {
  expect(parseWebhook(makeWebhook())).toMatchObject({ ok: true, webhook: { alerts: [makeAlert()] } })
  expect(parseAlert(makeAlert())).toEqual(makeAlert())
  expect(runSchema.parse(makeRun())).toEqual(makeRun())
})

test('makeAlert derives the fingerprint from the labels and the labels from the alertname', () => {
  const { alertname, labels, fingerprint } = makeAlert({ alertname: 'Other' })
  expect({ alertname, inLabels: labels['alertname'] }).toEqual({ alertname: 'Other', inLabels: 'Other' })
  expect(fingerprint).not.toBe(makeAlert().fingerprint)
  expect(makeAlert({ labels: { alertname: 'Other' } }).alertname).toBe('Other')
})

test('makeRun derives the deduplication id from the alert', () => {
  expect(makeRun({ alert: makeAlert({ alertname: 'Other' }) }).dedupId).not.toBe(makeRun().dedupId)
})

test('the builders accept overrides', () => {
  expect(makeConfigMap({ metadata: { name: 'other' } }).metadata).toMatchObject({
    name: 'other',
    resourceVersion: '1',
  })
  expect(makeOperario({ cooldownMs: 5 })).toMatchObject({ key: 'DiskSpaceLow', cooldownMs: 5 })
  expect(makeWebhook({ alerts: [] }).alerts).toEqual([])
})
