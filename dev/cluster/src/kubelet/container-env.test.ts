import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '../controllers/pod-types.ts'
import { makeMetadata, runs } from '../controllers/testing.ts'
import { resolveEnv } from './container-env.ts'

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { ...makeMetadata('web'), uid: 'uid-1', labels: { app: 'x', 'a.b/c': 'y' }, annotations: { note: 'z' } },
  spec: runs('true').spec,
}
const configMaps = new Map([['settings', { colour: 'red', size: '$(A)' }]])

const resolve = (container: Partial<Container>) => {
  const resolution = resolveEnv({ name: 'main', ...container }, pod, (name) => configMaps.get(name))
  return resolution.ok ? Object.fromEntries(resolution.env) : resolution.message
}
const fieldRef = (fieldPath: string) => ({ env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }] })
const keyRef = (name: string, key: string, optional = false) => ({
  env: [{ name: 'X', valueFrom: { configMapKeyRef: { name, key, optional } } }],
})

describe('resolveEnv', () => {
  it('expands references to earlier variables only', () => {
    const env = [
      { name: 'EARLY', value: '$(LATE)' },
      { name: 'LATE', value: 'late' },
      { name: 'BOTH', value: '$(EARLY)+$(LATE)' },
    ]
    expect(resolve({ env })).toEqual({ EARLY: '$(LATE)', LATE: 'late', BOTH: '$(LATE)+late' })
  })

  it('lets a variable refer to its former self', () => {
    const env = [
      { name: 'LIST', value: 'a' },
      { name: 'LIST', value: '$(LIST),b' },
    ]
    expect(resolve({ env })).toEqual({ LIST: 'a,b' })
  })

  it('takes all keys of a ConfigMap under a prefix, unexpanded, and lets env override them', () => {
    const envFrom = [{ prefix: 'CFG_', configMapRef: { name: 'settings' } }]
    const env = [{ name: 'CFG_colour', value: 'dark $(CFG_colour)' }]
    expect(resolve({ envFrom, env })).toEqual({ CFG_colour: 'dark red', CFG_size: '$(A)' })
  })

  it.each([
    ['metadata.name', 'web'],
    ['metadata.namespace', 'default'],
    ['metadata.uid', 'uid-1'],
    ["metadata.labels['app']", 'x'],
    ["metadata.labels['a.b/c']", 'y'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['note']", 'z'],
    ['status.podIP', '127.0.0.1'],
    ['spec.serviceAccountName', 'default'],
  ])('reads the field %s', (path, want) => {
    expect(resolve(fieldRef(path))).toEqual({ X: want })
  })

  it.each([
    ['a key of a ConfigMap', keyRef('settings', 'colour'), { X: 'red' }],
    ['an optional key that is missing', keyRef('settings', 'none', true), {}],
    ['an optional ConfigMap that is missing', keyRef('none', 'colour', true), {}],
    ['a key that is missing', keyRef('settings', 'none'), "couldn't find key none in ConfigMap default/settings"],
    [
      'a key named like a method',
      keyRef('settings', 'toString'),
      "couldn't find key toString in ConfigMap default/settings",
    ],
    ['a ConfigMap that is missing', keyRef('none', 'colour'), 'configmap "none" not found'],
    [
      'a whole ConfigMap that is missing',
      { envFrom: [{ configMapRef: { name: 'none' } }] },
      'configmap "none" not found',
    ],
    ['an optional whole ConfigMap', { envFrom: [{ configMapRef: { name: 'none', optional: true } }] }, {}],
    ['a secret', { envFrom: [{ secretRef: { name: 's' } }] }, 'the development cluster has no secrets'],
    ['an optional secret', { envFrom: [{ secretRef: { name: 's', optional: true } }] }, {}],
    ['an unknown field', fieldRef('spec.hostname'), 'unsupported fieldPath: spec.hostname'],
    [
      'a resource',
      { env: [{ name: 'X', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }] },
      'resourceFieldRef is not supported: local processes have no limits',
    ],
    ['no value at all', { env: [{ name: 'X' }] }, { X: '' }],
  ])('answers for %s', (_, container, want) => {
    expect(resolve(container)).toEqual(want)
  })
})
