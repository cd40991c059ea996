import { expect, test } from 'vitest'
import { MAX_YAML_BYTES, parseYaml } from './yaml.ts'

test.each([
  ['an octal number', '0644', 420],
  ['an octal number of YAML 1.2', '0o644', 420],
  ['a negative octal number', '-0o17', -15],
  ['a hexadecimal number', '0x1f', 31],
  ['a number with underscores', '1_000', 1000],
  ['a decimal number', '1.5', 1.5],
  ['digits that are not octal', '089', '089'],
  ['yes', 'yes', true],
  ['no', 'no', false],
  ['on', 'On', true],
  ['off', 'OFF', false],
  ['y', 'y', true],
  ['true', 'true', true],
  ['null', 'null', null],
  ['a tilde', '~', null],
  ['nothing', '', null],
  ['a number in quotes', '"0o644"', '0o644'],
  ['a word in quotes', "'yes'", 'yes'],
  ['a date', '2026-01-01', '2026-01-01'],
  ['a time', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
  ['a time of day', '12:30:45', '12:30:45'],
  ['minutes and seconds', '1:30', '1:30'],
  ['a fraction to base 60', '1:30.5', '1:30.5'],
  ['a negative number to base 60', '-1:30', '-1:30'],
  ['a string by its tag', '!!str 1', '1'],
  ['an equals sign', '=', '='],
])('parseYaml reads %s like kubectl', (_, source, want) => {
  expect(parseYaml(`a: ${source}`)).toEqual({ ok: true, value: { a: want } })
})

test.each([
  ['anchors', 'x: &x {a: 1}\nz: *x', { x: { a: 1 }, z: { a: 1 } }],
  ['merge keys', 'x: &x {a: 1, b: 1}\nz:\n  <<: *x\n  b: 2', { x: { a: 1, b: 1 }, z: { a: 1, b: 2 } }],
  ['a list of merge keys', 'z:\n  <<: [{a: 1}, {a: 2, b: 2}]', { z: { a: 1, b: 2 } }],
  ['keys that are not strings', '{1: a, null: b}', { 1: 'a', null: 'b' }],
  ['the marks of a document', '---\na: 1\n...\n', { a: 1 }],
  ['Windows line ends', 'a: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
  ['a byte order mark', '\uFEFFa: 1', { a: 1 }],
  ['block texts', 'a: |-\n  one\n  two', { a: 'one\ntwo' }],
  ['a key that every object has', 'constructor: 1', { constructor: 1 }],
])('parseYaml reads %s', (_, text, want) => {
  expect(parseYaml(text)).toEqual({ ok: true, value: want })
})

test.each([
  ['nothing', '', 'the input is empty'],
  ['only a comment', '# later', 'the input is empty'],
  ['more than one document', 'a: 1\n---\nb: 2', 'a single document'],
  ['the same key twice', 'a: 1\na: 2', 'duplicated mapping key (2:1)'],
  ['an unknown alias', 'a: *nothing', 'unidentified alias "nothing"'],
  ['a key that is a list', '? [a]\n: 1', 'complex keys'],
  ['a merge of a scalar', '<<: 3', 'cannot merge'],
  ['bytes', 'a: !!binary aGk=', 'unknown scalar tag'],
  ['a time by its tag', 'a: !!timestamp 2026-01-01', 'unknown scalar tag'],
  ['a tag for code', 'a: !!js/function "f"', 'unknown scalar tag'],
  ['an open quote', 'a: "x', 'unexpected end'],
  ['a tab for indentation', 'a:\n\tb: 1', '(2:'],
  ['a key __proto__', 'a: {__proto__: {b: 1}}', 'the key __proto__ is not allowed (1:5)'],
  ['a key __proto__ that is merged', 'a: {<<: {"__proto__": 1}}', 'the key __proto__ is not allowed'],
])('parseYaml rejects %s', (_, text, want) => {
  expect(errorOf(text)).toContain(want)
})

test.each([
  ['lists', `${'['.repeat(60_000)}${']'.repeat(60_000)}`],
  ['mappings', '{a: '.repeat(30_000)],
  ['indented keys', Array.from({ length: 100 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
])('parseYaml rejects %s that are nested too deeply', (_, text) => {
  expect(quickly(() => errorOf(text))).toContain('nesting exceeded')
})

test('parseYaml accepts 128 KiB and no more', () => {
  expect(parseYaml(`a: ${'x'.repeat(MAX_YAML_BYTES - 3)}`).ok).toBe(true)
  expect(errorOf(`a: ${'é'.repeat(MAX_YAML_BYTES / 2)}`)).toBe('has 131075 bytes, more than the limit of 131072')
})

test('parseYaml rejects few bytes that expand to billions of values', () => {
  const levels = ['a0: &a0 [x,x,x,x,x,x,x,x,x]']
  for (let level = 1; level <= 9; level++) levels.push(`a${level}: &a${level} [${aliases(`a${level - 1}`, 9)}]`)
  expect(quickly(() => errorOf(levels.join('\n')))).toContain('once its aliases are expanded')
})

test('parseYaml rejects few values that expand to gigabytes', () => {
  const text = `a: &a "${'x'.repeat(100_000)}"\nb: &b [${aliases('a', 30)}]\nc: &c [${aliases('b', 30)}]\nd: [${aliases('c', 30)}]`
  expect(quickly(() => errorOf(text))).toContain('once its aliases are expanded')
})

test('parseYaml rejects long keys that expand to gigabytes', () => {
  const text = `? &a "${'x'.repeat(1_000)}"\n: 1\nb: &b {"${'y'.repeat(100_000)}": 1}\nc: [${aliases('b', 50)}]`
  expect(quickly(() => errorOf(text))).toContain('once its aliases are expanded')
})

test.each(['a: &a [*a]', 'a: &a {b: *a}', 'a: &a {b: *a, c: *a}', '&a [*a, *a]', 'a: &a [[[*a, *a], *a], *a]'])(
  'parseYaml rejects the cycle %s',
  (text) => {
    expect(quickly(() => errorOf(text))).toContain('once its aliases are expanded')
  },
)

test('parseYaml rejects more than 100 aliases', () => {
  expect(errorOf(`a: &a 1\nb: [${aliases('a', 101)}]`)).toContain('alias')
})

test('parseYaml rejects merge keys that copy a large mapping many times', () => {
  const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}: 1`).join(', ')
  const merges = Array.from({ length: 50 }, (_, index) => `m${index}: {<<: *a}`).join('\n')
  expect(quickly(() => errorOf(`a: &a {${keys}}\n${merges}`))).toContain('merge')
})

function errorOf(text: string): string {
  const parse = parseYaml(text)
  if (parse.ok) throw new Error('the text is valid')
  return parse.error
}

function aliases(anchor: string, times: number): string {
  return Array.from({ length: times }, () => `*${anchor}`).join(', ')
}

function quickly<Value>(act: () => Value): Value {
  const started = performance.now()
  const value = act()
  expect(performance.now() - started).toBeLessThan(1_000)
  return value
}
