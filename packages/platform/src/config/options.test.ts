import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Options, parseConfig } from './options.ts'
import { duration, integer, oneOf, optionalString, string } from './values.ts'

const OPTIONS = {
  addr: { schema: string(':8080'), help: 'address to listen on' },
  logLevel: { schema: oneOf(['info', 'debug'], 'info'), help: 'minimum log level' },
  retries: { schema: integer(3, { min: 1, max: 9 }), help: 'number of retries' },
  authBasicPass: { schema: optionalString(), secret: true, help: 'password' },
  redisUrl: { schema: string('redis://default'), secret: true, env: 'REDIS_URL', help: 'Redis' },
} as const satisfies Options

const DEFAULTS = {
  addr: ':8080',
  logLevel: 'info',
  retries: 3,
  authBasicPass: undefined,
  redisUrl: 'redis://default',
}

interface Input {
  argv?: string[]
  env?: Record<string, string>
  files?: Record<string, string>
}

function parse({ argv = [], env = {}, files = {} }: Input, options: Options = OPTIONS) {
  return parseConfig(options, argv, env, (path) => {
    if (files[path] === undefined) throw new Error(`ENOENT: no such file`)
    return files[path]
  })
}

test.each<[from: string, input: Input, want: Partial<Record<keyof typeof OPTIONS, unknown>>]>([
  ['its default', {}, {}],
  ['a flag', { argv: ['--retries=5'] }, { retries: 5 }],
  ['a flag with one dash, like OpenFero', { argv: ['-addr=:1'] }, { addr: ':1' }],
  ['a flag followed by its value', { argv: ['--addr', ':1', '-retries', '5'] }, { addr: ':1', retries: 5 }],
  ['the last of two flags', { argv: ['--addr=:1', '--addr=:2'] }, { addr: ':2' }],
  ['a variable', { env: { OPIFER_LOG_LEVEL: 'debug' } }, { logLevel: 'debug' }],
  ['the flag rather than the variable', { argv: ['--addr=:1'], env: { OPIFER_ADDR: ':2' } }, { addr: ':1' }],
  ['its default when the variable is empty', { env: { OPIFER_ADDR: '' } }, {}],
  ['the variable when the flag is empty', { argv: ['--addr='], env: { OPIFER_ADDR: ':2' } }, { addr: ':2' }],
  ['a variable of other tools', { env: { REDIS_URL: 'redis://a' } }, { redisUrl: 'redis://a' }],
  [
    'its own variable rather than that of other tools',
    { env: { REDIS_URL: 'redis://a', OPIFER_REDIS_URL: 'redis://b' } },
    { redisUrl: 'redis://b' },
  ],
  [
    'a file that a flag names',
    { argv: ['--authBasicPassFile=/f'], files: { '/f': 'from file' } },
    { authBasicPass: 'from file' },
  ],
  [
    'a file that a variable names, without its last line break',
    { env: { OPIFER_AUTH_BASIC_PASS_FILE: '/f' }, files: { '/f': ' two\nlines \r\n' } },
    { authBasicPass: ' two\nlines ' },
  ],
  [
    'the flag itself rather than the file',
    { argv: ['--authBasicPass=direct', '--authBasicPassFile=/f'], files: { '/f': 'from file' } },
    { authBasicPass: 'direct' },
  ],
  [
    'the file of a flag rather than a variable',
    { argv: ['--authBasicPassFile=/f'], env: { OPIFER_AUTH_BASIC_PASS: 'env' }, files: { '/f': 'from file' } },
    { authBasicPass: 'from file' },
  ],
])('a setting comes from %s', (_, input, want) => {
  expect(parse(input)).toMatchObject({ kind: 'config', config: { ...DEFAULTS, ...want } })
})

test.each(['-secret', '--', '--addr=:1', 'a=b', '-x=y', 'two\nlines', ' '])('a value can be %j', (value) => {
  for (const argv of [['--authBasicPass', value], [`-authBasicPass=${value}`]]) {
    expect(parse({ argv })).toMatchObject({ kind: 'config', config: { ...DEFAULTS, authBasicPass: value } })
  }
})

test('reports all errors at once, each with the name that the user wrote', () => {
  const input = {
    argv: ['-retries=99', '--noSuch=1', '--logLevel', 'loud', 'stray', '--addr'],
    env: { OPIFER_AUTH_BASIC_PASS_FILE: '/away', OPIFER_REDIS_URL_FILE: '/empty' },
    files: { '/empty': '\n' },
  }
  expect(parse(input)).toEqual({
    kind: 'errors',
    errors: [
      '--noSuch: unknown flag; see --help',
      'argument 5: not a flag',
      '--addr: needs a value',
      '--logLevel: must be one of info, debug',
      '--retries: must be a whole number from 1 to 9, not "99"',
      "OPIFER_AUTH_BASIC_PASS_FILE: can't read /away: ENOENT: no such file",
      'OPIFER_REDIS_URL_FILE: /empty is empty',
    ],
  })
})

test('an invalid variable is reported by its name', () => {
  expect(parse({ env: { OPIFER_RETRIES: 'x' } })).toMatchObject({
    errors: ['OPIFER_RETRIES: must be a whole number from 1 to 9, not "x"'],
  })
})

test('a missing file is reported with its path and reason', () => {
  const path = `${import.meta.dirname}/no-such-file`
  const parsed = parseConfig(OPTIONS, [`--authBasicPassFile=${path}`], {})
  expect(parsed).toMatchObject({ errors: [expect.stringMatching(/^--authBasicPassFile: can't read .*ENOENT/)] })
})

test('only a secret can come from a file', () => {
  expect(parse({ argv: ['--addrFile=/f'] })).toMatchObject({ errors: ['--addrFile: unknown flag; see --help'] })
  expect(parse({ env: { OPIFER_ADDR_FILE: '/away' } })).toMatchObject({ kind: 'config' })
})

test.each<[of: string, input: Input]>([
  ['in a flag', { argv: ['--timeout=s3cret'] }],
  ['in a variable', { env: { OPIFER_TIMEOUT: 's3cret' } }],
  ['in a file', { argv: ['--timeoutFile=/f'], files: { '/f': 's3cret' } }],
  ['that was not quoted', { argv: ['--timeout=1s', 's3cret'] }],
])('an error about a secret %s does not show it', (_, input) => {
  const timeout = { schema: duration('1s'), secret: true, help: '' }
  const parsed = parse(input, { timeout })
  expect(parsed).toMatchObject({ kind: 'errors', errors: [expect.any(String)] })
  expect(JSON.stringify(parsed)).not.toContain('s3cret')
})

test('a flag named like a property of every object is unknown', () => {
  const argv = ['--__proto__=1', '--constructor=1', '--toString=1']
  const parsed = parse({ argv })
  expect(parsed).toMatchObject({ errors: ['argument 1: not a flag', expect.any(String), expect.any(String)] })
})

test.each(['--help', '-help', '-h'])('%s shows every setting, even with errors in other flags', (flag) => {
  const parsed = parse({ argv: ['--noSuch', flag] })
  if (parsed.kind !== 'help') throw new Error(`kind is ${parsed.kind}`)
  expect(parsed.text).toContain('--addr')
  expect(parsed.text).toContain('--authBasicPass, --authBasicPassFile')
  expect(parsed.text).toContain('[OPIFER_AUTH_BASIC_PASS]')
})

test('a missing setting gets the default of its schema', () => {
  const options = {
    flag: {
      schema: z
        .string()
        .default('yes')
        .transform((text) => text === 'yes'),
      help: '',
    },
  }
  expect(parse({}, options)).toEqual({ kind: 'config', config: { flag: true }, files: {} })
})
