import { expect, test } from 'vitest'
import type { Container, Pod } from '../objects/pod.ts'
import { makeMetadata, runs } from '../testing/controllers.ts'
import { expand, resolveEnv } from './container-env.ts'
import { findImage } from './launch.ts'

const variables = new Map(Object.entries({ A: 'alpha', B: 'beta', EMPTY: '', REFERENCE: '$(A)' }))

test.each([
  ['$(A)', 'alpha', 'a reference becomes the value'],
  ['-$(A)-$(B)-', '-alpha-beta-', 'references may be anywhere'],
  ['x$(EMPTY)y', 'xy', 'a value may be empty'],
  ['$(REFERENCE)', '$(A)', 'a value is not expanded again'],
  ['$(UNKNOWN)', '$(UNKNOWN)', 'an unknown variable stays'],
  ['$()', '$()', 'an empty name is unknown'],
  ['$(constructor)', '$(constructor)', 'a name is looked up among variables only'],
  ['$$(A)', '$(A)', 'a doubled operator escapes a reference'],
  ['$$$(A)', '$alpha', 'an escape ends before the next reference'],
  ['$$$$(A)', '$$(A)', 'each pair is one operator'],
  ['a$$b', 'a$b', 'an escape needs no reference'],
  ['$(A$(B))', '$(A$(B))', 'names do not nest'],
  ['$(A$$B)', '$(A$$B)', 'nothing is escaped inside a name'],
  ['$(A', '$(A', 'a reference without an end stays'],
  ['$($$', '$($', 'an escape after a reference without an end counts'],
  ['$(A)$(', 'alpha$(', 'an opener at the end stays'],
  ['cost: 5$', 'cost: 5$', 'an operator at the end stays'],
  ['$A ${A}', '$A ${A}', 'shell syntax means nothing'],
  ['\\$(A)', '\\alpha', 'a backslash escapes nothing'],
  ['$(A)\n$(B)', 'alpha\nbeta', 'lines do not matter'],
])('%j expands to %j: %s', (input, want) => {
  expect(expand(input, (name) => variables.get(name))).toBe(want)
})

test('expansion takes linear time for references without an end', () => {
  const hostile = '$('.repeat(500_000)
  expect(expand(hostile, () => undefined)).toBe(hostile)
})

const metadata = { ...makeMetadata('web'), uid: 'uid-1', labels: { app: 'x', 'a.b/c': 'y' } }
const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: runs('true').spec }
const configMaps = new Map([['settings', { color: 'red', size: '$(A)' }]])

const resolve = (container: Partial<Container>) => {
  const resolution = resolveEnv({ name: 'main', ...container }, pod, (name) => configMaps.get(name))
  return resolution.ok ? Object.fromEntries(resolution.value) : resolution.message
}

test('a variable sees the variables before it, including its former self', () => {
  const env = [
    { name: 'EARLY', value: '$(LATE)' },
    { name: 'LATE', value: 'late' },
    { name: 'BOTH', value: '$(EARLY)+$(LATE)' },
    { name: 'LATE', value: '$(LATE),again' },
  ]
  expect(resolve({ env })).toEqual({ EARLY: '$(LATE)', LATE: 'late,again', BOTH: '$(LATE)+late' })
})

test('envFrom adds the keys of a ConfigMap with a prefix, unexpanded, and env overrides them', () => {
  const envFrom = [{ prefix: 'CFG_', configMapRef: { name: 'settings' } }]
  const env = [{ name: 'CFG_color', value: 'dark $(CFG_color)' }]
  expect(resolve({ envFrom, env })).toEqual({ CFG_color: 'dark red', CFG_size: '$(A)' })
})

const fieldRef = (fieldPath: string) => ({ env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }] })
const keyRef = (name: string, key: string, optional = false) => ({
  env: [{ name: 'X', valueFrom: { configMapKeyRef: { name, key, optional } } }],
})

test.each([
  ['a pod field', fieldRef('metadata.name'), { X: 'web' }],
  ['a label', fieldRef("metadata.labels['a.b/c']"), { X: 'y' }],
  ['a missing label', fieldRef("metadata.labels['none']"), { X: '' }],
  ['an unknown field', fieldRef('spec.hostname'), 'unsupported valueFrom: {"fieldRef":{"fieldPath":"spec.hostname"}}'],
  ['a key of a ConfigMap', keyRef('settings', 'color'), { X: 'red' }],
  ['a missing optional key', keyRef('settings', 'none', true), {}],
  ['a missing optional ConfigMap', keyRef('none', 'color', true), {}],
  ['a missing key', keyRef('settings', 'toString'), "couldn't find key toString in ConfigMap default/settings"],
  ['a missing ConfigMap', { envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
  ['a Secret', { envFrom: [{ secretRef: { name: 's' } }] }, 'the development cluster has no secrets'],
  ['an optional Secret', { envFrom: [{ secretRef: { name: 's', optional: true } }] }, {}],
])('a variable from %s', (_, container, want) => {
  expect(resolve(container)).toEqual(want)
})

test.each([
  ['cleanup:v2', ['exact']],
  ['cleanup:v1', ['any tag']],
  ['cleanup:v2@sha256:abc', ['exact']],
  ['cleanup@sha256:abc', ['any tag']],
  ['registry:5000/team/tool', ['port']],
  ['registry', undefined],
  ['toString', undefined],
])('the image %s runs %j', (image, want) => {
  const catalog = {
    'cleanup:v2': { command: ['exact'] },
    cleanup: { command: ['any tag'] },
    'registry:5000/team/tool': { command: ['port'] },
  }
  expect(findImage(catalog, image)).toEqual(want)
})
