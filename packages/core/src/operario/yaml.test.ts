import { describe, expect, it } from 'vitest'
import { MAX_YAML_BYTES, parseYaml } from './yaml.ts'

describe('parseYaml', () => {
  it.each([
    ['an octal number', '0644', 420],
    ['an octal number of YAML 1.2', '0o644', 420],
    ['a negative octal number', '-0o17', -15],
    ['a hexadecimal number', '0x1f', 31],
    ['a number with underscores', '1_000', 1000],
    ['a decimal number', '1.5', 1.5],
    ['digits that are no octal number', '089', '089'],
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
  ])('reads %s as kubectl does', (_, source, want) => {
    expect(parseYaml(`a: ${source}`)).toEqual({ ok: true, value: { a: want } })
  })

  it.each([
    ['anchors', 'x: &x {a: 1}\nz: *x', { x: { a: 1 }, z: { a: 1 } }],
    ['merge keys', 'x: &x {a: 1, b: 1}\nz:\n  <<: *x\n  b: 2', { x: { a: 1, b: 1 }, z: { a: 1, b: 2 } }],
    ['a list of merge keys', 'z:\n  <<: [{a: 1}, {a: 2, b: 2}]', { z: { a: 1, b: 2 } }],
    ['keys that are no strings', '{1: a, null: b}', { 1: 'a', null: 'b' }],
    ['the marks of a document', '---\na: 1\n...\n', { a: 1 }],
    ['Windows line ends', 'a: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
    ['a byte order mark', '\uFEFFa: 1', { a: 1 }],
    ['block texts', 'a: |-\n  one\n  two', { a: 'one\ntwo' }],
    ['a key that every object has', 'constructor: 1', { constructor: 1 }],
  ])('reads %s', (_, text, want) => {
    expect(parseYaml(text)).toEqual({ ok: true, value: want })
  })

  it.each([
    ['nothing', '', 'the input is empty'],
    ['only a comment', '# later', 'the input is empty'],
    ['more than one document', 'a: 1\n---\nb: 2', 'a single document'],
    ['the same key twice', 'a: 1\na: 2', 'duplicated mapping key (2:1)'],
    ['an alias of nothing', 'a: *nothing', 'unidentified alias "nothing"'],
    ['a key that is a list', '? [a]\n: 1', 'complex keys'],
    ['a merge of what is no mapping', '<<: 3', 'cannot merge'],
    ['bytes', 'a: !!binary aGk=', 'unknown scalar tag'],
    ['a time by its tag', 'a: !!timestamp 2026-01-01', 'unknown scalar tag'],
    ['a tag for code', 'a: !!js/function "f"', 'unknown scalar tag'],
    ['an open quote', 'a: "x', 'unexpected end'],
    ['a tab for indentation', 'a:\n\tb: 1', '(2:'],
    ['a key __proto__', 'a: {__proto__: {b: 1}}', 'the key __proto__ is refused (1:5)'],
    ['a key __proto__ that is merged', 'a: {<<: {"__proto__": 1}}', 'the key __proto__ is refused'],
  ])('refuses %s', (_, text, want) => {
    expect(refusal(text)).toContain(want)
  })
})

describe('parseYaml, of what is meant to exhaust', () => {
  it.each([
    ['lists', `${'['.repeat(60_000)}${']'.repeat(60_000)}`],
    ['mappings', '{a: '.repeat(30_000)],
    ['indented keys', Array.from({ length: 100 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('refuses %s that are nested too deep', (_, text) => {
    expect(quickly(() => refusal(text))).toContain('nesting exceeded')
  })

  it('takes a text of 128 KiB, and no more', () => {
    expect(parseYaml(`a: ${'x'.repeat(MAX_YAML_BYTES - 3)}`).ok).toBe(true)
    expect(refusal(`a: ${'é'.repeat(MAX_YAML_BYTES / 2)}`)).toBe('holds 131075 bytes, more than 131072')
  })

  it('refuses few bytes that stand for billions of values', () => {
    const levels = ['a0: &a0 [x,x,x,x,x,x,x,x,x]']
    for (let level = 1; level <= 9; level++) levels.push(`a${level}: &a${level} [${aliases(`a${level - 1}`, 9)}]`)
    expect(quickly(() => refusal(levels.join('\n')))).toContain('once its aliases are written out')
  })

  it('refuses few values that stand for gigabytes', () => {
    const text = `a: &a "${'x'.repeat(100_000)}"\nb: &b [${aliases('a', 30)}]\nc: &c [${aliases('b', 30)}]\nd: [${aliases('c', 30)}]`
    expect(quickly(() => refusal(text))).toContain('once its aliases are written out')
  })

  it('refuses long keys that stand for gigabytes', () => {
    const text = `? &a "${'x'.repeat(1_000)}"\n: 1\nb: &b {"${'y'.repeat(100_000)}": 1}\nc: [${aliases('b', 50)}]`
    expect(quickly(() => refusal(text))).toContain('once its aliases are written out')
  })

  it.each(['a: &a [*a]', 'a: &a {b: *a}', 'a: &a {b: *a, c: *a}', '&a [*a, *a]', 'a: &a [[[*a, *a], *a], *a]'])(
    'refuses the circle %s',
    (text) => {
      expect(quickly(() => refusal(text))).toContain('once its aliases are written out')
    },
  )

  it('refuses more aliases than any manifest needs', () => {
    expect(refusal(`a: &a 1\nb: [${aliases('a', 101)}]`)).toContain('alias')
  })

  it('refuses merge keys that copy the same mapping over and over', () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}: 1`).join(', ')
    const merges = Array.from({ length: 50 }, (_, index) => `m${index}: {<<: *a}`).join('\n')
    expect(quickly(() => refusal(`a: &a {${keys}}\n${merges}`))).toContain('merge')
  })
})

function refusal(text: string): string {
  const parse = parseYaml(text)
  if (parse.ok) throw new Error('the text is taken')
  return parse.problem
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
