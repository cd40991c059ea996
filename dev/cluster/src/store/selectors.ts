import type { KubeObject, ResourceName } from './types.ts'

/** A predicate, or why the selector cannot be parsed. */
export type Selector = { ok: true; matches: (object: KubeObject) => boolean } | { ok: false; error: string }

interface Requirement {
  key: string
  operator: 'in' | 'notin' | 'exists' | 'absent'
  values: readonly string[]
}

/**
 * Parses a label selector: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, separated by commas.
 * The grammar is k8s.io/apimachinery/pkg/labels/selector.go: `!=` and `notin` also match objects without the label.
 */
export function parseLabelSelector(text: string): Selector {
  const requirements: Requirement[] = []
  const parts = text.trim() === '' ? [] : text.split(/,(?![^(]*\))/).map((part) => part.trim())
  for (const part of parts) {
    const requirement = parseRequirement(part)
    if (!requirement?.values.every((value) => labelValue.test(value))) {
      return { ok: false, error: `unable to parse requirement: ${JSON.stringify(part)}` }
    }
    requirements.push(requirement)
  }
  return {
    ok: true,
    matches: ({ metadata }) => requirements.every((requirement) => holds(requirement, metadata.labels ?? {})),
  }
}

/** Parses a field selector: `path=value`, `path==value` and `path!=value`, separated by commas. */
export function parseFieldSelector(resource: ResourceName, text: string): Selector {
  const terms: { path: string; value: string; equal: boolean }[] = []
  for (const part of text.split(',').filter((term) => term.trim())) {
    const [, path, operator, value] = /^\s*([^=!\s]+)(==?|!=)(.*?)\s*$/.exec(part) ?? []
    if (path === undefined || value === undefined) return { ok: false, error: `invalid selector: '${part}'` }
    const supported = ['metadata.name', 'metadata.namespace', ...(selectableFields[resource] ?? [])]
    if (!supported.includes(path)) return { ok: false, error: `field label not supported: ${path}` }
    terms.push({ path, value, equal: operator !== '!=' })
  }
  return {
    ok: true,
    matches: (object) => terms.every((term) => (fieldOf(object, term.path) === term.value) === term.equal),
  }
}

const labelKey = String.raw`[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?`
const labelValue = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/
const setForm = new RegExp(String.raw`^(${labelKey})\s+(in|notin)\s*\(([^()]*)\)$`)
const equalityForm = new RegExp(String.raw`^(${labelKey})\s*(==?|!=)\s*(.*)$`)
const presenceForm = new RegExp(String.raw`^(!?)\s*(${labelKey})$`)

function parseRequirement(part: string): Requirement | undefined {
  const [, setKey, word, list] = setForm.exec(part) ?? []
  if (setKey !== undefined && list !== undefined) {
    const values = list.split(',').map((value) => value.trim())
    return { key: setKey, operator: word === 'in' ? 'in' : 'notin', values }
  }
  const [, key, sign, value] = equalityForm.exec(part) ?? []
  if (key !== undefined && value !== undefined)
    return { key, operator: sign === '!=' ? 'notin' : 'in', values: [value] }
  const [, bang, name] = presenceForm.exec(part) ?? []
  return name === undefined ? undefined : { key: name, operator: bang ? 'absent' : 'exists', values: [] }
}

function holds({ key, operator, values }: Requirement, labels: Record<string, string>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  const present = value !== undefined
  const listed = present && values.includes(value)
  return { in: listed, notin: !listed, exists: present, absent: !present }[operator]
}

/** The fields that `kubectl` selects by; the API server refuses the others. */
const selectableFields: Partial<Record<ResourceName, readonly string[]>> = {
  jobs: ['status.successful'],
  pods: ['spec.nodeName', 'status.phase'],
  events: [...['kind', 'namespace', 'name', 'uid'].map((field) => `involvedObject.${field}`), 'reason', 'type'],
}

function fieldOf(object: KubeObject, path: string): string {
  if (path === 'status.successful')
    return String((object['status'] as { succeeded?: number } | undefined)?.succeeded ?? 0)
  let value: unknown = object
  for (const step of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[step]
  return typeof value === 'string' ? value : ''
}
