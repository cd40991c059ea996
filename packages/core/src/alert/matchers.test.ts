import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { labelSet } from './label-set.ts'
import { compileMatchers, type Matcher, parseMatchers } from './matchers.ts'

function parsed(text: string): Matcher[] {
  const parse = parseMatchers(text)
  if (!parse.ok) throw new Error(parse.problem)
  return parse.matchers
}

describe('matchers are read as Alertmanager writes them', () => {
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
  ])('%j', (text, ...matchers) => {
    expect(parsed(text)).toEqual(matchers.map(([name, op, value]) => ({ name, op, value })))
  })

  test('any that are written with quotes', () => {
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
})

describe('what is no matcher is told with where it is wrong', () => {
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
    [`a="${'x'.repeat(5_000)}"`, '5004 characters of matchers are more than 4000'],
  ])('%.20s', (text, problem) => {
    expect(parseMatchers(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) })
  })

  test('whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '"', '\\', '=', '~', '!', ',', '{', '}', ' ', '(') }),
        (text) => {
          expect(parseMatchers(text)).toHaveProperty('ok')
        },
      ),
    )
  })
})

describe('labels meet', () => {
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
  ])('%s: %j', (text, expected) => {
    expect(compileMatchers(parsed(text))(labels)).toBe(expected)
  })

  test('an expression that would hang a backtracking engine in no time', () => {
    const meets = compileMatchers(parsed('a=~"(x+x+)+y"'))
    const startedAt = performance.now()
    expect(meets(labelSet({ a: 'x'.repeat(10_000) }))).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
