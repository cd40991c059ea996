import { expect, test } from 'vitest'
import { parseConfig } from '../../config/options.ts'
import { address } from '../../config/values.ts'
import { authErrors, exposureError } from './errors.ts'
import { AUTH_OPTIONS, EXPOSURE_OPTIONS } from './options.ts'

function parse(...argv: string[]) {
  return parseConfig({ ...AUTH_OPTIONS, ...EXPOSURE_OPTIONS }, argv, {}, () => '{"keys": [{"kty": "RSA"}]}')
}

function errorsOf(...argv: string[]): string[] {
  const parsed = parse(...argv)
  return parsed.kind === 'config' ? authErrors(parsed.config) : [JSON.stringify(parsed)]
}

const BASIC = ['--authMethod=basic', '--authBasicUser=a', '--authBasicPass=s3cret']
const BEARER = ['--authMethod=bearer', '--authBearerToken=s3cret']
const JWT = ['--authMethod=jwt', '--authJwtIssuer=https://issuer', '--authJwtAudience=opifer']

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
])('accepts %j', (argv) => {
  expect(errorsOf(...argv)).toEqual([])
})

test.each([
  [['--authMethod=basic'], ['--authBasicUser: required', '--authBasicPass or --authBasicPassFile: required']],
  [['--authMethod=bearer', '--authBasicPass=p'], ['--authBearerToken or --authBearerTokenFile: required']],
  [['--authMethod=jwt'], ['--authJwtIssuer: required', '--authJwtAudience: required']],
  [[...BASIC, '--authBasicUser=a:b'], ['--authBasicUser: must not contain a colon']],
  [[...BASIC, '--authViewerUser=b'], ['--authViewerPass or --authViewerPassFile: required']],
  [[...BASIC, '--authViewerPass=s3cret'], ['--authViewerUser: required']],
  [[...BASIC, '--authViewerUser=a', '--authViewerPass=c'], ['--authViewerUser: must differ from --authBasicUser']],
  [['--authMethod=bearer', '--authBearerToken=s3 cret'], ['--authBearerToken: contains characters']],
  [[...BEARER, '--authViewerToken=s3 cret'], ['--authViewerToken: contains characters']],
  [[...BEARER, '--authViewerToken=s3cret'], ['--authViewerToken: must differ from --authBearerToken']],
  [[...JWT, '--authJwtIssuer=http://issuer'], ['--authJwtIssuer: must be an https URL']],
  [[...JWT, '--authJwtJwksUrl=http://issuer/keys'], ['--authJwtJwksUrl: must be an https URL']],
  [[...JWT, '--authJwtJwksUrl=https://:s3cret@issuer'], ['--authJwtJwksUrl: must be an https URL']],
  [[...JWT, '--authJwtJwksUrl=https://i', '--authJwtJwksFile=/keys'], ['--authJwtJwksUrl and --authJwtJwksFile']],
  [[...JWT, '--authJwtViewerRole=opifer-operator'], ['--authJwtViewerRole: must differ from --authJwtOperatorRole']],
])('reports every error of %j without its secrets', (argv, want) => {
  const errors = errorsOf(...argv)
  expect(errors).toEqual(want.map((error) => expect.stringContaining(error)))
  expect(errors.join()).not.toContain('s3')
})

test.each(['none', 'HS256', 'RS256,HS512', 'RS256,', ''])(
  'rejects %j as a list of signature algorithms',
  (algorithms) => {
    const parsed = parseConfig(AUTH_OPTIONS, [], { OPIFER_AUTH_JWT_ALGORITHMS: algorithms || ',' })
    expect(parsed).toMatchObject({ kind: 'errors', errors: [expect.stringContaining('must be one of RS256')] })
  },
)

test.each([
  ['no JSON', /not a JSON Web Key Set/],
  ['{"keys": []}', /not a JSON Web Key Set/],
  ['{"kty": "RSA"}', /not a JSON Web Key Set/],
  ['{"keys": [{"kty": "RSA", "n": "1", "d": "s3cret"}]}', /private or symmetric/],
  ['{"keys": [{"kty": "oct", "k": "s3cret"}]}', /private or symmetric/],
])('rejects a key file that contains %s', (text, want) => {
  const parsed = parseConfig(AUTH_OPTIONS, ['--authJwtJwksFile=/keys'], {}, () => text)
  expect(parsed).toMatchObject({ kind: 'errors', errors: [expect.stringMatching(want)] })
  expect(JSON.stringify(parsed)).not.toContain('s3cret')
})

test.each([
  [[], false],
  [['--allowUnauthenticated=true'], true],
  [['--allowUnauthenticated=false'], false],
])('%j allows unauthenticated access: %s', (argv, want) => {
  expect(parse(...argv)).toMatchObject({ config: { allowUnauthenticated: want } })
})

const addr = (text: string) => address(text).parse(undefined)

test.each(['127.0.0.1:8080', '127.9.9.9:1', '[::1]:8080', 'localhost:8080'])(
  'allows unauthenticated access on %s',
  (text) => {
    expect(exposureError(addr(text), 'none', false)).toBeUndefined()
  },
)

test.each([':8080', '0.0.0.0:8080', '[::]:8080', '10.0.0.1:8080', 'opifer:8080', '127.0.0.1.example.com:80'])(
  'refuses to listen on %s without authentication unless that is allowed explicitly',
  (text) => {
    expect(exposureError(addr(text), 'none', false)).toMatch(/--authMethod.*--allowUnauthenticated=true$/)
    expect(exposureError(addr(text), 'none', true)).toBeUndefined()
    expect(exposureError(addr(text), 'basic', false)).toBeUndefined()
  },
)
