import { describe, expect, test } from 'vitest'
import { COMMON_OPTIONS } from './common.ts'
import { parseConfig } from './options.ts'

const parse = (...argv: string[]) => parseConfig(COMMON_OPTIONS, argv, {})

test('nothing has to be set', () => {
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
  ])('may be %s', (url) => {
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
  ])('may not be %s, and is not shown', (url) => {
    const parsed = parse(`--redisUrl=${url}`)
    expect(parsed).toMatchObject({ kind: 'faults', faults: [expect.stringMatching(/^--redisUrl: must be redis/)] })
    expect(JSON.stringify(parsed)).not.toMatch(/s3/)
  })
})

describe('queuePrefix', () => {
  test.each(['{opifer}', 'team-a:{opifer}', '{a}{b}'])('may be %s', (prefix) => {
    expect(parse(`--queuePrefix=${prefix}`)).toMatchObject({ config: { queuePrefix: prefix } })
  })

  // Redis looks at the first brace only (Redis Cluster specification, hash tags).
  test.each(['opifer', '{}', '{}{opifer}', 'opifer}', '{opifer'])('may not be %s', (prefix) => {
    expect(parse(`--queuePrefix=${prefix}`)).toMatchObject({ faults: [expect.stringContaining('hash tag')] })
  })
})

test('a time that no timer can take is refused', () => {
  expect(parse('--shutdownTimeout=25d')).toMatchObject({ faults: [expect.stringContaining('at most 2147483647ms')] })
})
