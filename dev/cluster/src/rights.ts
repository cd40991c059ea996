import { readFile } from 'node:fs/promises'
import { load } from 'js-yaml'
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role'
import type { AuditEntry } from './audit.ts'

/** A verb and a resource: `create jobs`, `get pods/log`. */
export type Right = string

/** The rights that workers have used. */
export function rightsUsed(entries: readonly AuditEntry[]): Set<Right> {
  return new Set(
    entries.flatMap(({ userAgent, verb, resource, subresource }) => {
      if (userAgent !== 'opifer-worker' || resource === undefined) return []
      return [`${verb} ${subresource === undefined ? resource : `${resource}/${subresource}`}`]
    }),
  )
}

export function rightsOf(role: IRole | undefined): Set<Right> {
  const rights = (role?.rules ?? []).flatMap(({ verbs, resources = [] }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  )
  return new Set(rights)
}

/** Throws if workers have used a right that their deployed Role does not grant. */
export async function assertGranted(entries: readonly AuditEntry[]): Promise<void> {
  const role = load(await readFile(ROLE, 'utf8')) as IRole
  const granted = rightsOf(role)
  const missing = [...rightsUsed(entries)].filter((right) => !granted.has(right))
  if (missing.length > 0) throw new Error(`the worker Role does not grant: ${missing.join(', ')}`)
}

const ROLE = new URL('../../../deploy/kustomize/base/operarios/role.yaml', import.meta.url)
