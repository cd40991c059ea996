import { RE2JS } from 're2js'
import { excerpt } from '../text/truncate.ts'
import type { LabelSet } from './label-set.ts'

/** A condition on one label; a missing label counts as empty. Regular expressions are anchored, as in Alertmanager. */
export interface Matcher {
  name: string
  op: '=' | '!=' | '=~' | '!~'
  value: string
}

export type MatchersParse = { ok: true; matchers: Matcher[] } | { ok: false; error: string }

/**
 * Parses matchers in Alertmanager's syntax: `severity="critical", instance=~"web.*"`, with or without braces,
 * names and values with or without quotes (prometheus/alertmanager: pkg/labels/parse.go).
 */
export function parseMatchers(text: string): MatchersParse {
  if (text.length > MAX_LENGTH)
    return reject(`the matchers have ${text.length} characters, more than the limit of ${MAX_LENGTH}`)
  const list = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1] ?? text
  const matchers: Matcher[] = []
  for (let at = 0; at < list.length && list.slice(at).trim() !== ''; at = MATCHER.lastIndex) {
    MATCHER.lastIndex = at
    const found = MATCHER.exec(list)?.groups
    if (!found) return reject(`${quoted(list.slice(at))} is not ${WANTED}`)
    const matcher = matcherOf(found)
    const error = errorOf(matcher)
    if (error !== undefined) return reject(error)
    matchers.push(matcher)
  }
  return { ok: true, matchers }
}

/** Tests whether labels match all matchers, in time linear in the text whatever the expression. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: LabelSet) => boolean {
  const tests = matchers.map(({ name, op, value }) => {
    const matches = comparison(op, value)
    return (labels: LabelSet) => matches(Object.hasOwn(labels, name) ? (labels[name] ?? '') : '')
  })
  return (labels) => tests.every((test) => test(labels))
}

const MAX_LENGTH = 4_000
const WANTED = 'a matcher such as severity="critical", instance!="node-1" or job=~"web.*"'

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`
/** A value without quotes ends at a comma and must not contain quotes. */
const MATCHER = new RegExp(
  String.raw`\s*(?<name>${QUOTED}|[a-zA-Z_:][\w:]*)\s*(?<op>=~|!=|!~|=)\s*(?<value>${QUOTED}|[^,"\s{}][^,"{}]*?|)\s*(?:,|$)`,
  'sy',
)

function matcherOf({ name = '', op = '', value = '' }: Record<string, string>): Matcher {
  return { name: unquote(name), op: op as Matcher['op'], value: unquote(value) }
}

/** `\"`, `\\` and `\n` are escapes; other backslashes are kept for regular expressions. */
function unquote(text: string): string {
  if (!text.startsWith('"')) return text
  return text.slice(1, -1).replace(/\\([\s\S])/g, (whole, char: string) => ESCAPES.get(char) ?? whole)
}

const ESCAPES = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['n', '\n'],
])

function comparison(op: Matcher['op'], value: string): (text: string) => boolean {
  switch (op) {
    case '=':
      return (text) => text === value
    case '!=':
      return (text) => text !== value
    case '=~': {
      const expression = RE2JS.compile(value)
      return (text) => expression.testExact(text)
    }
    case '!~': {
      const expression = RE2JS.compile(value)
      return (text) => !expression.testExact(text)
    }
  }
}

function errorOf({ name, op, value }: Matcher): string | undefined {
  if (name === '') return 'a matcher has an empty label name'
  if (op === '=' || op === '!=') return undefined
  try {
    RE2JS.compile(value)
    return undefined
  } catch (error) {
    return `${name}${op}${quoted(value)}: ${error instanceof Error ? error.message : String(error)}`
  }
}

function quoted(text: string): string {
  return JSON.stringify(excerpt(text.trim(), 100))
}

function reject(error: string): MatchersParse {
  return { ok: false, error }
}
