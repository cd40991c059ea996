import { parseDuration } from '@opifer/core'
import { z } from 'zod'

/** Where a server listens. */
export interface Address {
  /** Empty for all addresses of this machine. */
  host: string
  port: number
}

/** The longest delay that `setTimeout` supports, in milliseconds; it fires immediately for a longer one. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** Milliseconds, written as `90s`, `5m` or `1h30m`. `min` and `max` are milliseconds too. */
export function duration(defaultText: string, min = 0, max = Number.MAX_SAFE_INTEGER) {
  return z
    .string()
    .default(defaultText)
    .transform((text, context): number => {
      const ms = parseDuration(text)
      if (ms === undefined) return reject(context, text, 'a duration such as 90s, 5m or 1h30m')
      if (ms < min) return reject(context, text, `at least ${min}ms`)
      return ms <= max ? ms : reject(context, text, `at most ${max}ms`)
    })
}

export function integer(defaultValue: number, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  return z
    .string()
    .default(String(defaultValue))
    .transform((text, context): number => {
      const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
      return value >= min && value <= max ? value : reject(context, text, `a whole number from ${min} to ${max}`)
    })
}

/** `:8080`, `127.0.0.1:8080` or `[::1]:8080`; like in Go, no host means all addresses. */
export function address(defaultText: string) {
  return z.string().default(defaultText).transform(toAddress)
}

export function optionalAddress() {
  return z.string().transform(toAddress).optional()
}

function toAddress(text: string, context: z.core.$RefinementCtx): Address {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]*)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535) return reject(context, text, 'an address such as :8080')
  return { host: bracketed || plain || '', port: Number(port) }
}

/** Comma-separated `host:port`. */
export function hostPorts() {
  return z
    .string()
    .default('')
    .transform((text, context): Address[] => {
      const entries = text.split(',').filter((entry) => entry.trim() !== '')
      const parsed = entries.flatMap((entry) => address('').safeParse(entry.trim()).data ?? [])
      const all = parsed.filter(({ host }) => host !== '')
      return all.length === entries.length ? all : reject(context, text, 'a list such as host-1:6379,host-2:6379')
    })
}

export function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
  defaultValue: Values[number],
) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` }).default(defaultValue)
}

/** `on` or `off`, without a default of its own: undefined if not set. */
export function toggle() {
  return z
    .enum(['on', 'off'], { error: 'must be one of on, off' })
    .transform((text) => text === 'on')
    .optional()
}

/** `true` or `false`, default false. Every flag needs a value, so this one does too. */
export function boolean() {
  return oneOf(['true', 'false'], 'false').transform((text) => text === 'true')
}

/** Comma-separated words, each one of `values`. */
export function listOf(values: readonly string[], defaultText: string) {
  return z
    .string()
    .default(defaultText)
    .transform((text, context): string[] => {
      const words = text.split(',').map((word) => word.trim())
      const unknown = words.find((word) => !values.includes(word))
      return unknown === undefined ? words : reject(context, unknown, `one of ${values.join(', ')}`)
    })
}

/** Comma-separated host names without ports, normalized as in a URL. */
export function optionalHostNames() {
  return z
    .string()
    .optional()
    .transform((text, context): string[] | undefined => {
      if (text === undefined) return undefined
      const names = text.split(',').map((entry) => hostName(entry.trim()))
      const known = names.filter((name) => name !== undefined)
      return known.length === names.length
        ? known
        : reject(context, text, 'a list such as localhost,opifer.example.com')
    })
}

function hostName(text: string): string | undefined {
  return /^(?:[^\s:/?#@*[\]\\]+|\[[\da-fA-F:.]+\])$/.test(text) ? URL.parse(`http://${text}`)?.hostname : undefined
}

export function string(defaultText: string) {
  return z.string().default(defaultText)
}

export function optionalString() {
  return z.string().optional()
}

/** An `http:` or `https:` URL. */
export function optionalUrl() {
  return z
    .string()
    .optional()
    .transform((text, context): string | undefined => {
      if (text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text
      return reject(context, text, 'a URL such as http://collector:4318')
    })
}

function reject(context: z.core.$RefinementCtx, input: string, wanted: string): never {
  context.addIssue({ code: 'custom', message: `must be ${wanted}, not ${JSON.stringify(input)}` })
  return z.NEVER
}
