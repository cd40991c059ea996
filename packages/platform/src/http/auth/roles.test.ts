import { expect, test } from 'vitest'
import { roleOf } from './roles.ts'

test.each<[claims: object, claim: string, want: string | undefined]>([
  [{ roles: ['boss'] }, 'roles', 'operator'],
  [{ roles: ['guest'] }, 'roles', 'viewer'],
  [{ roles: ['guest', 'boss'] }, 'roles', 'operator'],
  [{ roles: ['other'] }, 'roles', undefined],
  [{ roles: [] }, 'roles', undefined],
  [{}, 'roles', undefined],
  [{ scope: 'openid guest' }, 'scope', 'viewer'],
  [{ sub: 'boss' }, 'sub', 'operator'],
  [{ sub: 'bossy' }, 'sub', undefined],
  [{ realm_access: { roles: ['boss'] } }, 'realm_access.roles', 'operator'],
  [{ realm_access: 'boss' }, 'realm_access.roles', undefined],
  [{ 'https://example.com/roles': ['boss'] }, 'https://example.com/roles', 'operator'],
  [{ roles: { boss: true } }, 'roles', undefined],
  [{ roles: [['boss']] }, 'roles', undefined],
  [{ roles: null }, 'roles.any', undefined],
  [{}, 'constructor.name', undefined],
])('%j gives by its claim %s the role %s', (claims, claim, want) => {
  expect(roleOf(claims, { claim, operator: 'boss', viewer: 'guest' })).toBe(want)
})
