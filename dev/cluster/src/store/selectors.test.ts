import { describe, expect, it } from 'vitest'
import { parseFieldSelector, parseLabelSelector } from './selectors.ts'
import type { KubeObject } from './types.ts'

const labelled = (labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'a',
    namespace: 'default',
    uid: '',
    resourceVersion: '',
    creationTimestamp: '',
    ...(labels && { labels }),
  },
})

describe('a label selector', () => {
  it.each([
    ['', {}, true],
    ['app=openfero', { app: 'openfero' }, true],
    ['app==openfero', { app: 'openfero' }, true],
    ['app=openfero', { app: 'other' }, false],
    ['app=openfero', {}, false],
    ['app=', { app: '' }, true],
    ['app=', {}, false],
    ['app!=openfero', { app: 'other' }, true],
    ['app!=openfero', {}, true],
    ['app!=openfero', { app: 'openfero' }, false],
    ['tier in (a, b)', { tier: 'b' }, true],
    ['tier in (a,b)', { tier: 'c' }, false],
    ['tier in (a,b)', {}, false],
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
  ])('%j on %j: %s', (text, labels, expected) => {
    const selector = parseLabelSelector(text)
    expect(selector.ok && selector.matches(labelled(labels))).toBe(expected)
  })

  it.each([
    'app in',
    'app in (a',
    'a=b=c',
    '=a',
    'app=a b',
    ',',
    'app in (a),',
    '!',
    'a!b',
    'app=-a',
    `app=${'a'.repeat(64)}`,
  ])('%j cannot be read', (text) => {
    expect(parseLabelSelector(text)).toMatchObject({ ok: false })
  })

  it('takes an object without labels', () => {
    const selector = parseLabelSelector('!app')
    expect(selector.ok && selector.matches(labelled())).toBe(true)
  })
})

describe('a field selector', () => {
  const pod: KubeObject = { ...labelled(), status: { phase: 'Running' } }
  const event: KubeObject = {
    ...labelled(),
    type: 'Warning',
    reason: 'BackoffLimitExceeded',
    involvedObject: { kind: 'Job', name: 'j' },
    source: { component: 'job-controller' },
  }

  it.each([
    ['pods', 'metadata.name=a', pod, true],
    ['pods', 'metadata.name!=a', pod, false],
    ['pods', 'metadata.namespace==default,status.phase=Running', pod, true],
    ['pods', 'status.phase!=Succeeded,status.phase!=Failed', pod, true],
    ['pods', 'spec.nodeName=', pod, true],
    ['events', 'involvedObject.kind=Job,involvedObject.name=j', event, true],
    ['events', 'reason=BackoffLimitExceeded,type=Warning', event, true],
    ['events', 'source=job-controller', event, true],
    ['jobs', 'status.successful=0', labelled(), true],
    ['jobs', 'status.successful=1', { ...labelled(), status: { succeeded: 1 } }, true],
  ] as const)('%s %j', (resource, text, object, expected) => {
    const selector = parseFieldSelector(resource, text)
    expect(selector.ok && selector.matches(object)).toBe(expected)
  })

  it.each([
    ['configmaps', 'data.x=1'],
    ['pods', 'status.phase'],
    ['pods', 'status.phase>1'],
  ] as const)('%s %j cannot be read', (resource, text) => {
    expect(parseFieldSelector(resource, text)).toMatchObject({ ok: false })
  })
})
