import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import {
  address,
  duration,
  hostPorts,
  integer,
  oneOf,
  optionalHostNames,
  optionalString,
  optionalUrl,
  string,
  toggle,
} from './values.ts'

const errorOf = (schema: z.ZodType, text: string) => schema.safeParse(text).error?.issues[0]?.message

describe('a duration', () => {
  test.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1d', 86_400_000],
    ['0', 0],
  ])('duration accepts %s', (text, want) => {
    expect(duration('1s').parse(text)).toBe(want)
  })

  test.each(['90', '-5s', '1.5h', '5 m', 's', '5M', '9'.repeat(30) + 's'])('duration rejects %j', (text) => {
    expect(errorOf(duration('1s'), text)).toContain('must be a duration such as 90s')
  })

  test('duration has a default and inclusive bounds', () => {
    const schema = duration('2s', 1_000, 5_000)
    expect(schema.parse(undefined)).toBe(2_000)
    expect([schema.parse('1s'), schema.parse('5s')]).toEqual([1_000, 5_000])
    expect(errorOf(schema, '999ms')).toBe('must be at least 1000ms, not "999ms"')
    expect(errorOf(schema, '6s')).toBe('must be at most 5000ms, not "6s"')
  })
})

describe('a whole number', () => {
  test.each([
    ['0', 0],
    ['42', 42],
    ['007', 7],
  ])('integer accepts %s', (text, want) => {
    expect(integer(1).parse(text)).toBe(want)
  })

  test.each(['-1', '1.5', '1e3', '0x10', 'one', ' 1', '1 ', '9'.repeat(400)])('integer rejects %j', (text) => {
    expect(errorOf(integer(1), text)).toContain('must be a whole number from 0 to')
  })

  test('integer has a default and inclusive bounds', () => {
    const schema = integer(5, { min: -3, max: 9 })
    expect(schema.parse(undefined)).toBe(5)
    expect([schema.parse('-3'), schema.parse('9')]).toEqual([-3, 9])
    expect(errorOf(schema, '10')).toBe('must be a whole number from -3 to 9, not "10"')
  })
})

describe('an address', () => {
  test.each([
    [':8080', { host: '', port: 8080 }],
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['ingest.local:0', { host: 'ingest.local', port: 0 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['[::]:65535', { host: '::', port: 65_535 }],
  ])('address accepts %s', (text, want) => {
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
  ])('address rejects %j', (text) => {
    expect(errorOf(address(':1'), text)).toContain('must be an address such as :8080')
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
  ])('hostPorts accepts %j', (text, want) => {
    expect(hostPorts().parse(text)).toEqual(want)
  })

  test.each(['a', 'a:1,b', 'a:1 b:2', ':6379', 'a:1,:2'])('hostPorts rejects %j', (text) => {
    expect(errorOf(hostPorts(), text)).toContain('must be a list such as host-1:6379')
  })
})

describe('a list of host names', () => {
  test.each([
    [undefined, undefined],
    ['localhost', ['localhost']],
    ['localhost, 127.0.0.1,[::1]', ['localhost', '127.0.0.1', '[::1]']],
    ['Opifer.Example.com,bücher.example', ['opifer.example.com', 'xn--bcher-kva.example']],
  ])('optionalHostNames accepts %j', (text, want) => {
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
  ])('optionalHostNames rejects %j', (text) => {
    expect(errorOf(optionalHostNames(), text)).toContain('must be a list such as localhost,opifer.example.com')
  })
})

test('oneOf names all values in its error', () => {
  const schema = oneOf(['none', 'basic'], 'none')
  expect([schema.parse(undefined), schema.parse('basic')]).toEqual(['none', 'basic'])
  expect(errorOf(schema, 'Basic')).toBe('must be one of none, basic')
})

test('toggle is on, off or undefined if not set', () => {
  expect(['on', 'off', undefined].map((text) => toggle().parse(text))).toEqual([true, false, undefined])
  expect(errorOf(toggle(), 'yes')).toBe('must be one of on, off')
})

test('string and optionalString keep the text as it is', () => {
  expect([string('a').parse(undefined), string('a').parse(' b ')]).toEqual(['a', ' b '])
  expect([optionalString().parse(undefined), optionalString().parse(' b ')]).toEqual([undefined, ' b '])
})

test.each([
  { text: undefined, want: undefined },
  { text: 'http://collector:4318', want: 'http://collector:4318' },
  { text: 'https://collector/otlp', want: 'https://collector/otlp' },
])('optionalUrl accepts $text', ({ text, want }) => {
  expect(optionalUrl().parse(text)).toBe(want)
})

test.each(['collector:4318', 'grpc://collector:4317', '4318', 'http://'])('optionalUrl rejects %s', (text) => {
  const { error } = optionalUrl().safeParse(text)
  expect(error?.issues[0]?.message).toBe(`must be a URL such as http://collector:4318, not ${JSON.stringify(text)}`)
})
