/** The local stack's files, read without Docker; `scripts/check-compose.mjs` starts the stack. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type OperarioConfigMap, readOperario } from '@opifer/core'
import { CORE_SCHEMA, load, mergeTag } from 'js-yaml'
import { beforeAll, expect, test } from 'vitest'
import { violations } from './pod-security.ts'

interface Service {
  user?: string
  read_only?: boolean
  privileged?: boolean
  cap_drop?: string[]
  cap_add?: string[]
  security_opt?: string[]
  ports?: string[]
  environment?: Record<string, string>
  image: string
}

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
let services: Record<string, Service>

beforeAll(async () => {
  const text = await readFile(fromRoot('docker-compose.yml'), 'utf8')
  ;({ services } = load(text, { schema: CORE_SCHEMA.withTags(mergeTag) }) as { services: typeof services })
})

test('the local stack publishes ports on this machine only', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? [])
  expect(ports.length).toBeGreaterThan(3)
  expect(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([])
})

test('the unauthenticated dashboard of the local stack accepts only names of this machine', () => {
  const settings = Object.values(services).map(({ environment = {} }) => environment)
  const open = settings.filter((env) => env['OPIFER_ALLOW_UNAUTHENTICATED'] !== undefined)
  expect(open.map((env) => env['OPIFER_ALLOWED_HOSTS'])).toEqual(['localhost,127.0.0.1'])
})

test('every container of the local stack except k3s and the volume set-up runs without root, capabilities and a writable file system', () => {
  const lacking = Object.entries(services).filter(([, service]) => !isRestricted(service))
  expect(lacking.map(([name]) => name)).toEqual(['volumes', 'cluster'])
  expect(services['volumes']).toMatchObject({ read_only: true, cap_drop: ['ALL'], cap_add: ['CHOWN'] })
})

test('the sample Operarios of the local stack are valid and meet the restricted Pod Security Standard', async () => {
  const samples = { 'disk-cleanup': 'DiskSpaceLow', 'backup-check': 'BackupOverdue' }
  for (const [file, key] of Object.entries(samples)) {
    const configMap = load(
      await readFile(fromRoot(`deploy/compose/operarios/${file}.yaml`), 'utf8'),
    ) as OperarioConfigMap
    const resolution = readOperario(configMap, { configMap: configMap.metadata.name, key })
    if (resolution.kind !== 'found') throw new Error(resolution.reason)
    expect(violations(resolution.operario.manifest.spec.template.spec)).toEqual([])
  }
})

function isRestricted({ user = 'root', read_only, privileged, cap_drop, cap_add, security_opt }: Service): boolean {
  return (
    /^[1-9]\d*:/.test(user) &&
    read_only === true &&
    !privileged &&
    cap_drop?.[0] === 'ALL' &&
    !cap_add &&
    security_opt?.[0] === 'no-new-privileges:true'
  )
}
