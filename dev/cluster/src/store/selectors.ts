import type { KubeObject, ResourceName } from './types.ts'

/** Whether an object is wanted, or why the selector cannot be read. */
export type Selector = { ok: true; matches: (object: KubeObject) => boolean } | { ok: false; error: string }

interface Requirement {
  key: string
  operator: 'in' | 'notin' | 'exists' | 'absent'
  values: readonly string[]
}

/**
 * Reads a label selector: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas.
 * The grammar is that of k8s.io/apimachinery/pkg/labels/selector.go: `!=` and `notin` also match objects without the label.
 */
export function parseLabelSelector(text: string): Selector {
  const requirements: Requirement[] = []
  for (const part of splitOutsideParentheses(text)) {
    const requirement = parseRequirement(part)
    if (!requirement) return { ok: false, error: `unable to parse requirement: ${JSON.stringify(part)}` }
    requirements.push(requirement)
  }
  return {
    ok: true,
    matches: ({ metadata }) => requirements.every((requirement) => holds(requirement, metadata.labels ?? {})),
  }
}

/** Reads a field selector: `path=value`, `path==value` and `path!=value`, joined by commas, over the fields the resource indexes. */
export function parseFieldSelector(resource: ResourceName, text: string): Selector {
  const terms: { path: string; value: string; equal: boolean }[] = []
  for (const part of text.split(',').filter((term) => term.trim())) {
    const [, path, operator, value] = /^\s*([^=!\s]+)(==?|!=)(.*?)\s*$/.exec(part) ?? []
    if (path === undefined || value === undefined) return { ok: false, error: `invalid selector: '${part}'` }
    if (!selectableFields[resource].includes(path)) return { ok: false, error: `field label not supported: ${path}` }
    terms.push({ path, value, equal: operator !== '!=' })
  }
  return {
    ok: true,
    matches: (object) => terms.every((term) => (fieldOf(object, term.path) === term.value) === term.equal),
  }
}

const labelKey = String.raw`[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?`
const labelValue = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/
const forms = {
  set: new RegExp(String.raw`^(${labelKey})\s+(in|notin)\s*\(([^()]*)\)$`),
  equality: new RegExp(String.raw`^(${labelKey})\s*(==?|!=)\s*(.*)$`),
  presence: new RegExp(String.raw`^(!?)\s*(${labelKey})$`),
}

function splitOutsideParentheses(text: string): string[] {
  if (text.trim() === '') return []
  return text.split(/,(?![^(]*\))/).map((part) => part.trim())
}

function parseRequirement(part: string): Requirement | undefined {
  const requirement = parseSet(part) ?? parseEquality(part) ?? parsePresence(part)
  return requirement?.values.every((value) => labelValue.test(value)) ? requirement : undefined
}

function parseSet(part: string): Requirement | undefined {
  const [, key, operator, list] = forms.set.exec(part) ?? []
  if (key === undefined || list === undefined) return undefined
  return { key, operator: operator === 'in' ? 'in' : 'notin', values: list.split(',').map((value) => value.trim()) }
}

function parseEquality(part: string): Requirement | undefined {
  const [, key, operator, value] = forms.equality.exec(part) ?? []
  if (key === undefined || value === undefined) return undefined
  return { key, operator: operator === '!=' ? 'notin' : 'in', values: [value] }
}

function parsePresence(part: string): Requirement | undefined {
  const [, bang, key] = forms.presence.exec(part) ?? []
  return key === undefined ? undefined : { key, operator: bang ? 'absent' : 'exists', values: [] }
}

function holds({ key, operator, values }: Requirement, labels: Record<string, string>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  const present = value !== undefined
  const listed = present && values.includes(value)
  return { in: listed, notin: !listed, exists: present, absent: !present }[operator]
}

const everywhere = ['metadata.name', 'metadata.namespace']

/** As `kubectl get --field-selector` documents them; the API server refuses all others. */
const selectableFields: Record<ResourceName, readonly string[]> = {
  namespaces: ['metadata.name', 'status.phase'],
  configmaps: everywhere,
  jobs: [...everywhere, 'status.successful'],
  pods: [
    ...everywhere,
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
  ],
  events: [
    ...everywhere,
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
}

/** Fields that are called otherwise than where they stand. */
const aliases: Record<string, string> = { 'status.successful': 'status.succeeded', source: 'source.component' }

function fieldOf(object: KubeObject, path: string): string {
  let value: unknown = object
  for (const step of (aliases[path] ?? path).split('.')) value = (value as Record<string, unknown> | undefined)?.[step]
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  return path === 'status.successful' ? '0' : ''
}
