import { parseConfig } from '@opifer/platform'
import { expect, test } from 'vitest'
import { authentication, authFaults, INGEST_OPTIONS } from './config.ts'

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
  expect(config).toMatchObject({ addr: { port: 9000 }, logLevel: 'debug' })
  expect(authentication(config)).toEqual({ method: 'basic', user: 'alert', password: 'p' })
})

test.each([
  [[], { method: 'none' }],
  [['--authMethod=none', '--authBearerToken=unused'], { method: 'none' }],
  [['--authMethod=bearer', '--authBearerToken=abc.DEF=='], { method: 'bearer', token: 'abc.DEF==' }],
])('%j authenticates by %j', (argv, want) => {
  expect(authentication(parse(...argv))).toEqual(want)
})

test.each([
  [['--authMethod=basic'], ['--authBasicUser: needed', '--authBasicPass or --authBasicPassFile: needed']],
  [['--authMethod=basic', '--authBasicUser=alert'], ['--authBasicPass or --authBasicPassFile: needed']],
  [['--authMethod=bearer', '--authBasicPass=p'], ['--authBearerToken or --authBearerTokenFile: needed']],
  [['--authMethod=none'], []],
])('%j lacks %j', (argv, want) => {
  expect(authFaults(parse(...argv))).toEqual(want.map((fault) => expect.stringContaining(fault)))
})

test('a token that no request could carry is refused and not shown', () => {
  const config = parse('--authMethod=bearer', '--authBearerToken=s3 cret')
  expect(authFaults(config)).toEqual(['--authBearerToken: holds characters that no bearer token may hold (RFC 6750)'])
})

test('a time that no timer can take is refused', () => {
  expect(() => parse('--redisTimeout=30d')).toThrow('at most 2147483647ms')
})
