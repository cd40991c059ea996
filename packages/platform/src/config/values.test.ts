import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import {
  address,
  duration,
  hostPorts,
  integer,
  oneOf,
  onOrOff,
  optionalHostNames,
  optionalText,
  optionalUrl,
  plainText,
} from './values.ts'

const refusal = (schema: z.ZodType, text: string) => schema.safeParse(text).error?.issues[0]?.message

describe('a duration', () => {
  test.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1d', 86_400_000],
    ['0', 0],
  ])('may be %s', (text, want) => {
    expect(duration('1s').parse(text)).toBe(want)
  })

  test.each(['90', '-5s', '1.5h', '5 m', 's', '5M', '9'.repeat(30) + 's'])('may not be %j', (text) => {
    expect(refusal(duration('1s'), text)).toContain('is not a duration such as 90s')
  })

  test('has a default, and bounds that hold themselves', () => {
    const schema = duration('2s', 1_000, 5_000)
    expect(schema.parse(undefined)).toBe(2_000)
    expect([schema.parse('1s'), schema.parse('5s')]).toEqual([1_000, 5_000])
    expect(refusal(schema, '999ms')).toBe('"999ms" is not at least 1000ms')
    expect(refusal(schema, '6s')).toBe('"6s" is not at most 5000ms')
  })
})

describe('a whole number', () => {
  test.each([
    ['0', 0],
    ['42', 42],
    ['007', 7],
  ])('may be %s', (text, want) => {
    expect(integer(1).parse(text)).toBe(want)
  })

  test.each(['-1', '1.5', '1e3', '0x10', 'one', ' 1', '1 ', '9'.repeat(400)])('may not be %j', (text) => {
    expect(refusal(integer(1), text)).toContain('is not a whole number from 0 to')
  })

  test('has a default, and bounds that hold themselves', () => {
    const schema = integer(5, { min: -3, max: 9 })
    expect(schema.parse(undefined)).toBe(5)
    expect([schema.parse('-3'), schema.parse('9')]).toEqual([-3, 9])
    expect(refusal(schema, '10')).toBe('"10" is not a whole number from -3 to 9')
  })
})

describe('an address', () => {
  test.each([
    [':8080', { host: '', port: 8080 }],
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['ingest.local:0', { host: 'ingest.local', port: 0 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['[::]:65535', { host: '::', port: 65_535 }],
  ])('may be %s', (text, want) => {
    expect(address(':1').parse(text)).toEqual(want)
  })

  test.each([
    '8080',
    ':',
    'host',
    'host:',
    ':65536',
    '::1:8080',
    'http://host:80',
    'a b:80',
    '[::1]',
    '[]:80',
    ':http',
  ])('may not be %j', (text) => {
    expect(refusal(address(':1'), text)).toContain('is not an address such as :8080')
  })
})

describe('a list of addresses', () => {
  test.each([
    ['', []],
    ['a:1', [{ host: 'a', port: 1 }]],
    [
      'a:1, [::1]:2,',
      [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
      ],
    ],
  ])('may be %j', (text, want) => {
    expect(hostPorts().parse(text)).toEqual(want)
  })

  test.each(['a', 'a:1,b', 'a:1 b:2', ':6379', 'a:1,:2'])('may not be %j', (text) => {
    expect(refusal(hostPorts(), text)).toContain('is not a list such as host-1:6379')
  })
})

describe('a list of host names', () => {
  test.each([
    [undefined, undefined],
    ['localhost', ['localhost']],
    ['localhost, 127.0.0.1,[::1]', ['localhost', '127.0.0.1', '[::1]']],
    ['Opifer.Example.com,bücher.example', ['opifer.example.com', 'xn--bcher-kva.example']],
  ])('may be %j', (text, want) => {
    expect(optionalHostNames().parse(text)).toEqual(want)
  })

  test.each([
    '',
    'a,',
    'a:80',
    'a b',
    'http://a',
    'a/b',
    'user@a',
    '::1',
    '[::1]:80',
    '[::g]',
    '*.example.com',
    'a\\b',
  ])('may not be %j', (text) => {
    expect(refusal(optionalHostNames(), text)).toContain('is not a list such as localhost,opifer.example.com')
  })
})

test('a choice names all that may be chosen', () => {
  const schema = oneOf(['none', 'basic'], 'none')
  expect([schema.parse(undefined), schema.parse('basic')]).toEqual(['none', 'basic'])
  expect(refusal(schema, 'Basic')).toBe('must be one of none, basic')
})

test('what may be on or off is neither when nobody says', () => {
  expect(['on', 'off', undefined].map((text) => onOrOff().parse(text))).toEqual([true, false, undefined])
  expect(refusal(onOrOff(), 'yes')).toBe('must be one of on, off')
})

test('a text is taken as it is', () => {
  expect([plainText('a').parse(undefined), plainText('a').parse(' b ')]).toEqual(['a', ' b '])
  expect([optionalText().parse(undefined), optionalText().parse(' b ')]).toEqual([undefined, ' b '])
})

test.each([
  { text: undefined, want: undefined },
  { text: 'http://collector:4318', want: 'http://collector:4318' },
  { text: 'https://collector/otlp', want: 'https://collector/otlp' },
])('$text is an address, or none', ({ text, want }) => {
  expect(optionalUrl().parse(text)).toBe(want)
})

test.each(['collector:4318', 'grpc://collector:4317', '4318', 'http://'])('%s is no address to post to', (text) => {
  const { error } = optionalUrl().safeParse(text)
  expect(error?.issues[0]?.message).toBe(`${JSON.stringify(text)} is not an address such as http://collector:4318`)
})
