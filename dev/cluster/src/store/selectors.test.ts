import { expect, test } from 'vitest'
import { makeConfigMap } from '../testing/controllers.ts'
import { parseFieldSelector, parseLabelSelector } from './selectors.ts'
import type { KubeObject } from './types.ts'

function labelled(labels: Record<string, string> = {}): KubeObject {
  const object = makeConfigMap('a')
  return { ...object, metadata: { ...object.metadata, labels } }
}

test.each([
  ['', {}, true],
  ['app=openfero', { app: 'openfero' }, true],
  ['app=openfero', { app: 'other' }, false],
  ['app!=openfero', {}, true],
  ['app!=openfero', { app: 'openfero' }, false],
  ['tier in (a, b)', { tier: 'b' }, true],
  ['tier in ()', { tier: '' }, true],
  ['tier notin (a,b)', { tier: 'c' }, true],
  ['tier notin (a,b)', {}, true],
  ['tier notin(a,b)', { tier: 'a' }, false],
  ['app', { app: '' }, true],
  ['app', {}, false],
  ['!app', {}, true],
  ['!app', { app: '' }, false],
  ['app=a,tier in (x,y),!gone', { app: 'a', tier: 'y' }, true],
  ['app=a,tier in (x,y),!gone', { app: 'a', tier: 'y', gone: '' }, false],
  [' app = a , tier != b ', { app: 'a' }, true],
  ['openfero/job-disabled=true', { 'openfero/job-disabled': 'true' }, true],
  ['toString', {}, false],
])('the label selector %j on %j matches: %s', (text, labels, expected) => {
  const selector = parseLabelSelector(text)
  expect(selector.ok && selector.matches(labelled(labels))).toBe(expected)
})

test.each(['app in', 'app in (a', 'a=b=c', '=a', 'app=a b', 'app in (a),', 'app=-a', `app=${'a'.repeat(64)}`])(
  'the label selector %j is invalid',
  (text) => {
    expect(parseLabelSelector(text)).toMatchObject({ ok: false })
  },
)

const pod: KubeObject = { ...labelled(), status: { phase: 'Running' } }
const event: KubeObject = {
  ...labelled(),
  type: 'Warning',
  reason: 'BackoffLimitExceeded',
  involvedObject: { kind: 'Job', name: 'j' },
}

test.each([
  ['pods', 'metadata.name=a', pod, true],
  ['pods', 'metadata.name!=a', pod, false],
  ['pods', 'metadata.namespace==default,status.phase=Running', pod, true],
  ['pods', 'status.phase!=Succeeded,status.phase!=Failed', pod, true],
  ['pods', 'spec.nodeName=', pod, true],
  ['events', 'involvedObject.kind=Job,involvedObject.name=j', event, true],
  ['events', 'reason=BackoffLimitExceeded,type=Warning', event, true],
  ['jobs', 'status.successful=0', labelled(), true],
  ['jobs', 'status.successful=1', { ...labelled(), status: { succeeded: 1 } }, true],
] as const)('the field selector of %s %j matches its object', (resource, text, object, expected) => {
  const selector = parseFieldSelector(resource, text)
  expect(selector.ok && selector.matches(object)).toBe(expected)
})

test.each([
  ['configmaps', 'data.x=1'],
  ['pods', 'status.phase'],
] as const)('the field selector of %s %j is invalid', (resource, text) => {
  expect(parseFieldSelector(resource, text)).toMatchObject({ ok: false })
})
