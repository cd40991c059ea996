import type { Role } from './caller.ts'

export interface RoleNames {
  /** The claim that holds roles: its name, or a path of names with dots between them. */
  claim: string
  operator: string
  viewer: string
}

/** The role that a token's claims give; undefined when they give none. */
export function roleOf(claims: object, { claim, operator, viewer }: RoleNames): Role | undefined {
  const roles = namesIn(valueAt(claims, claim))
  if (roles.includes(operator)) return 'operator'
  return roles.includes(viewer) ? 'viewer' : undefined
}

/** Claims may be named by URLs, which have dots too: a claim of just that name comes before any path. */
function valueAt(claims: object, path: string): unknown {
  if (Object.hasOwn(claims, path)) return (claims as Record<string, unknown>)[path]
  return path.split('.').reduce<unknown>((value, name) => {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    return isThere ? (value as Record<string, unknown>)[name] : undefined
  }, claims)
}

/** A list, or words separated by spaces, as `scope` has them. */
function namesIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? value.split(' ') : []
}
