import { fileURLToPath } from 'node:url'
import { parseConfig } from '@opifer/platform/config'
import { expect, test } from 'vitest'
import { INGEST_OPTIONS, ingestErrors } from './config.ts'

function parse(...argv: string[]) {
  const parsed = parseConfig(INGEST_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  return parsed.config
}

test('nothing has to be set', () => {
  expect(parse()).toMatchObject({
    addr: { port: 8080 },
    authMethod: 'none',
    maxBodyBytes: 10_485_760,
    redisTimeout: 5_000,
    dedupScope: 'alert',
    resolvedTtl: 7_200_000,
  })
})

test("OpenFero's flags are understood as OpenFero writes them", () => {
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

test('what is missing for authentication and for TLS is told at once', () => {
  expect(ingestErrors(parse('--authMethod=bearer', `--tlsCert=${fileURLToPath(import.meta.url)}`))).toEqual([
    '--authBearerToken or --authBearerTokenFile: needed for --authMethod=bearer',
    '--tlsKey: needed to listen with TLS',
  ])
})

test('a time that no timer can take is refused', () => {
  expect(() => parse('--redisTimeout=30d')).toThrow('at most 2147483647ms')
})
