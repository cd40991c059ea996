import { fileURLToPath } from 'node:url'
import { parseConfig } from '@opifer/platform/config'
import { expect, test } from 'vitest'
import { INGEST_OPTIONS, ingestErrors } from './config.ts'

function parse(...argv: string[]) {
  const parsed = parseConfig(INGEST_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  return parsed.config
}

test('every setting has a default', () => {
  expect(parse()).toMatchObject({
    addr: { port: 8080 },
    authMethod: 'none',
    maxBodyBytes: 10_485_760,
    redisTimeout: 5_000,
    dedupScope: 'alert',
    resolvedTtl: 7_200_000,
  })
})

test("accepts OpenFero's flags in OpenFero's syntax", () => {
  const config = parse(
    '-addr=:9000',
    '-authMethod=basic',
    '-authBasicUser',
    'alert',
    '-authBasicPass',
    'p',
    '-logLevel=debug',
  )
  expect(config).toMatchObject({
    addr: { port: 9000 },
    logLevel: 'debug',
    authMethod: 'basic',
    authBasicUser: 'alert',
    authBasicPass: 'p',
  })
  expect(ingestErrors(config)).toEqual([])
})

test('ingestErrors reports authentication and TLS errors at once', () => {
  expect(ingestErrors(parse('--authMethod=bearer', `--tlsCert=${fileURLToPath(import.meta.url)}`))).toEqual([
    '--authBearerToken or --authBearerTokenFile: required with --authMethod=bearer',
    '--tlsKey: required for TLS',
  ])
})

test('rejects a duration that is too long for a timer', () => {
  expect(() => parse('--redisTimeout=30d')).toThrow('at most 2147483647ms')
})
