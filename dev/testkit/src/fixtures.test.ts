import { expect, test } from 'vitest'
import { type FixtureName, loadFixture } from './fixtures.ts'

const webhooks: readonly FixtureName[] = [
  'alertmanager/firing-two-alerts.json',
  'alertmanager/firing-group-with-one-resolved.json',
  'alertmanager/resolved.json',
  'operarios-guide/test-alert.json',
]

test.each(webhooks)('%s is a webhook of format version 4', (name) => {
  expect(JSON.parse(loadFixture(name))).toMatchObject({ version: '4', receiver: 'openfero' })
})

test('one captured group is firing while one of its alerts is resolved', () => {
  const webhook: unknown = JSON.parse(loadFixture('alertmanager/firing-group-with-one-resolved.json'))
  expect(webhook).toMatchObject({
    status: 'firing',
    alerts: expect.arrayContaining([expect.objectContaining({ status: 'resolved' })]),
  })
})

test("the guide's ConfigMap is there as it is printed", () => {
  expect(loadFixture('operarios-guide/configmap.yaml')).toMatch(
    /^apiVersion: v1\nkind: ConfigMap\n[^]*\n {2}DiskSpaceLow: \|-\n/,
  )
})
