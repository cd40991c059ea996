import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../config/options.ts'
import { authFaults } from './faults.ts'
import { AUTH_OPTIONS, EXPOSURE_OPTIONS } from './options.ts'

function parse(...argv: string[]) {
  return parseConfig({ ...AUTH_OPTIONS, ...EXPOSURE_OPTIONS }, argv, {}, () => '{"keys": [{"kty": "RSA"}]}')
}

function faultsOf(...argv: string[]): string[] {
  const parsed = parse(...argv)
  return parsed.kind === 'config' ? authFaults(parsed.config) : [JSON.stringify(parsed)]
}

const BASIC = ['--authMethod=basic', '--authBasicUser=a', '--authBasicPass=s3cret']
const BEARER = ['--authMethod=bearer', '--authBearerToken=s3cret']
const JWT = ['--authMethod=jwt', '--authJwtIssuer=https://issuer', '--authJwtAudience=opifer']

describe('nothing is wrong with', () => {
  test.each([
    [[]],
    [['--authMethod=none', '--authBearerToken=not used']],
    [BASIC],
    [[...BASIC, '--authViewerUser=b', '--authViewerPass=c']],
    [BEARER],
    [[...BEARER, '--authViewerToken=other']],
    [JWT],
    [[...JWT, '--authJwtJwksUrl=https://issuer/keys', '--authJwtAlgorithms=PS512, EdDSA']],
    [[...JWT, '--authJwtJwksFile=/keys']],
    [['--authMethod=jwt', '--authJwtIssuer=any', '--authJwtAudience=opifer', '--authJwtJwksFile=/keys']],
    [[...JWT, '--authJwtIssuer=http://127.0.0.1:1']],
  ])('%j', (argv) => {
    expect(faultsOf(...argv)).toEqual([])
  })
})

describe('it is told, all at once and without any secret, what is wrong with', () => {
  test.each([
    [['--authMethod=basic'], ['--authBasicUser: needed', '--authBasicPass or --authBasicPassFile: needed']],
    [['--authMethod=bearer', '--authBasicPass=p'], ['--authBearerToken or --authBearerTokenFile: needed']],
    [['--authMethod=jwt'], ['--authJwtIssuer: needed', '--authJwtAudience: needed']],
    [[...BASIC, '--authBasicUser=a:b'], ["--authBasicUser: can't hold a colon"]],
    [[...BASIC, '--authViewerUser=b'], ['--authViewerPass or --authViewerPassFile: needed']],
    [[...BASIC, '--authViewerPass=s3cret'], ['--authViewerUser: needed']],
    [[...BASIC, '--authViewerUser=a', '--authViewerPass=c'], ['--authViewerUser: must be another user']],
    [['--authMethod=bearer', '--authBearerToken=s3 cret'], ['--authBearerToken: holds characters']],
    [[...BEARER, '--authViewerToken=s3 cret'], ['--authViewerToken: holds characters']],
    [[...BEARER, '--authViewerToken=s3cret'], ['--authViewerToken: must be another token']],
    [[...JWT, '--authJwtIssuer=http://issuer'], ['--authJwtIssuer: must be an https URL']],
    [[...JWT, '--authJwtJwksUrl=http://issuer/keys'], ['--authJwtJwksUrl: must be an https URL']],
    [[...JWT, '--authJwtJwksUrl=https://:s3cret@issuer'], ['--authJwtJwksUrl: must be an https URL']],
    [[...JWT, '--authJwtJwksUrl=https://i', '--authJwtJwksFile=/keys'], ['--authJwtJwksUrl and --authJwtJwksFile']],
    [[...JWT, '--authJwtViewerRole=opifer-operator'], ['--authJwtViewerRole: must be another role']],
  ])('%j', (argv, want) => {
    const faults = faultsOf(...argv)
    expect(faults).toEqual(want.map((fault) => expect.stringContaining(fault)))
    expect(faults.join()).not.toContain('s3')
  })
})

test.each(['none', 'HS256', 'RS256,HS512', 'RS256,', ''])('tokens may not be signed with %j', (algorithms) => {
  const parsed = parseConfig(AUTH_OPTIONS, [], { OPIFER_AUTH_JWT_ALGORITHMS: algorithms || ',' })
  expect(parsed).toMatchObject({ kind: 'faults', faults: [expect.stringContaining('is not one of RS256')] })
})

test.each([
  ['no JSON', /is no JSON Web Key Set/],
  ['{"keys": []}', /is no JSON Web Key Set/],
  ['{"kty": "RSA"}', /is no JSON Web Key Set/],
  ['{"keys": [{"kty": "RSA", "n": "1", "d": "s3cret"}]}', /private or symmetric/],
  ['{"keys": [{"kty": "oct", "k": "s3cret"}]}', /private or symmetric/],
])('a file of keys can not hold %s', (text, want) => {
  const parsed = parseConfig(AUTH_OPTIONS, ['--authJwtJwksFile=/keys'], {}, () => text)
  expect(parsed).toMatchObject({ kind: 'faults', faults: [expect.stringMatching(want)] })
  expect(JSON.stringify(parsed)).not.toContain('s3cret')
})

test.each([
  [[], false],
  [['--allowUnauthenticated=true'], true],
  [['--allowUnauthenticated=false'], false],
])('%j lets everybody in: %s', (argv, want) => {
  expect(parse(...argv)).toMatchObject({ config: { allowUnauthenticated: want } })
})
