import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { labelSet } from './label-set.ts'
import { compileMatchers, type Matcher, parseMatchers } from './matchers.ts'

function parsed(text: string): Matcher[] {
  const parse = parseMatchers(text)
  if (!parse.ok) throw new Error(parse.error)
  return parse.matchers
}

test.each<[text: string, ...matchers: [Matcher['name'], Matcher['op'], Matcher['value']][]]>([
  ['severity="critical"', ['severity', '=', 'critical']],
  ['{severity="critical"}', ['severity', '=', 'critical']],
  ['severity=critical', ['severity', '=', 'critical']],
  [' a = "1" , b != "2" ', ['a', '=', '1'], ['b', '!=', '2']],
  ['{a=~"web.*",b!~"x|y",}', ['a', '=~', 'web.*'], ['b', '!~', 'x|y']],
  ['a=~web-[0-9]+', ['a', '=~', 'web-[0-9]+']],
  ['a="with \\"quotes\\", \\\\ and \\n lines"', ['a', '=', 'with "quotes", \\ and \n lines']],
  ['a=~"node-1\\.example"', ['a', '=~', 'node-1\\.example']],
  ['"größe in cm"="2,5 {}"', ['größe in cm', '=', '2,5 {}']],
  ['a=""', ['a', '=', '']],
  ['a=', ['a', '=', '']],
  ['a="b"\n', ['a', '=', 'b']],
  ['__proto__="x"', ['__proto__', '=', 'x']],
  [''],
  ['{}'],
  ['  '],
])('parseMatchers reads %j', (text, ...matchers) => {
  expect(parsed(text)).toEqual(matchers.map(([name, op, value]) => ({ name, op, value })))
})

test('parseMatchers reads any quoted matchers', () => {
  const matcher = fc.record({
    name: fc.string({ minLength: 1 }),
    op: fc.constantFrom('=' as const, '!=' as const),
    value: fc.string({ unit: 'binary' }),
  })
  fc.assert(
    fc.property(fc.array(matcher, { maxLength: 5 }), (matchers) => {
      const text = matchers.map(({ name, op, value }) => `${quote(name)}${op}${quote(value)}`).join(',')
      expect(parsed(text)).toEqual(matchers)
    }),
  )
})

test.each([
  ['severity', '"severity" is not a matcher such as severity="critical"'],
  ['a="b" c="d"', 'is not a matcher'],
  ['a="b",,c="d"', '",c=\\"d\\"" is not a matcher'],
  ['a="b', 'is not a matcher'],
  ['a==b"', 'is not a matcher'],
  ['{a="b"', '"{a=\\"b\\"" is not a matcher'],
  ['9a="b"', 'is not a matcher'],
  ['""="b"', 'empty label name'],
  ['ok="1", a=~"("', 'a=~"(": error parsing regexp: missing closing )'],
  ['a=~"(?=x)"', 'error parsing regexp'],
  ['a=~"x{5000}"', 'error parsing regexp'],
  [`a="${'x'.repeat(5_000)}"`, 'the matchers have 5004 characters, more than the limit of 4000'],
])('parseMatchers reports where %.20s is wrong', (text, error) => {
  expect(parseMatchers(text)).toEqual({ ok: false, error: expect.stringContaining(error) })
})

test('parseMatchers never throws', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '"', '\\', '=', '~', '!', ',', '{', '}', ' ', '(') }),
      (text) => {
        expect(parseMatchers(text)).toHaveProperty('ok')
      },
    ),
  )
})

const labels = labelSet({ severity: 'critical', instance: 'web-1', multi: 'a\nb', empty: '' })

test.each([
  ['severity="critical"', true],
  ['severity="CRITICAL"', false],
  ['severity!="critical"', false],
  ['instance=~"web-[0-9]"', true],
  ['instance=~"web"', false],
  ['instance=~"eb-1"', false],
  ['instance=~"web-1|db-1"', true],
  ['instance!~"web"', true],
  ['instance!~"web.*"', false],
  ['severity="critical",instance=~"db.*"', false],
  ['absent=""', true],
  ['absent!=""', false],
  ['absent=~".*"', true],
  ['empty=""', true],
  ['toString=""', true],
  ['__proto__=""', true],
  ['', true],
])('labels match %s: %j', (text, expected) => {
  expect(compileMatchers(parsed(text))(labels)).toBe(expected)
})

test('compileMatchers is fast on an expression that would hang a backtracking engine', () => {
  const matches = compileMatchers(parsed('a=~"(x+x+)+y"'))
  const startedAt = performance.now()
  expect(matches(labelSet({ a: 'x'.repeat(10_000) }))).toBe(false)
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
