import { describe, expect, test } from 'vitest'
import { COMMON_OPTIONS } from './common.ts'
import { parseConfig } from './options.ts'

const parse = (...argv: string[]) => parseConfig(COMMON_OPTIONS, argv, {})

test('every setting has a default', () => {
  expect(parse()).toEqual({
    kind: 'config',
    files: {},
    config: {
      logLevel: 'info',
      shutdownTimeout: 25_000,
      redisUrl: 'redis://127.0.0.1:6379',
      redisPassword: undefined,
      redisSentinels: [],
      redisSentinelMaster: 'mymaster',
      redisSentinelPassword: undefined,
      redisSentinelTls: undefined,
      redisClusterNodes: [],
      queuePrefix: '{opifer}',
    },
  })
})

describe('redisUrl', () => {
  test.each([
    'redis://redis',
    'redis://redis:6379/2',
    'rediss://user:p%40ss@redis:6380/',
    'redis://:password@[::1]:6379',
    'redis:///1',
  ])('redisUrl accepts %s', (url) => {
    expect(parse(`--redisUrl=${url}`)).toMatchObject({ kind: 'config', config: { redisUrl: url } })
  })

  test.each([
    'http://:s3cret@redis',
    'redis:6379?s3cret',
    'redis://user:s3cret@redis:port',
    'redis://user:s3cret@redis:70000',
    'redis://user:s3#cret@redis',
    'redis://user:s3cret%@redis',
    'redis://user:s3cret%FF@redis',
    'redis://user:s3cret@redis/one',
    's3cret',
  ])('redisUrl rejects %s without showing it', (url) => {
    const parsed = parse(`--redisUrl=${url}`)
    expect(parsed).toMatchObject({ kind: 'errors', errors: [expect.stringMatching(/^--redisUrl: must be redis/)] })
    expect(JSON.stringify(parsed)).not.toMatch(/s3/)
  })
})

describe('queuePrefix', () => {
  test.each(['{opifer}', 'team-a:{opifer}', '{a}{b}'])('queuePrefix accepts %s', (prefix) => {
    expect(parse(`--queuePrefix=${prefix}`)).toMatchObject({ config: { queuePrefix: prefix } })
  })

  // Redis considers only the first brace (Redis Cluster specification, hash tags).
  test.each(['opifer', '{}', '{}{opifer}', 'opifer}', '{opifer'])('queuePrefix rejects %s', (prefix) => {
    expect(parse(`--queuePrefix=${prefix}`)).toMatchObject({ errors: [expect.stringContaining('hash tag')] })
  })
})

test('rejects a duration that is too long for a timer', () => {
  expect(parse('--shutdownTimeout=25d')).toMatchObject({ errors: [expect.stringContaining('at most 2147483647ms')] })
})
