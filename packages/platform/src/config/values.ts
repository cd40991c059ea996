import { parseDuration } from '@opifer/core'
import { z } from 'zod'

/** Where a server listens. */
export interface Address {
  /** Empty for all of this machine's. */
  host: string
  port: number
}

/** The longest time that `setTimeout` takes; it fires at once for a longer one. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** Milliseconds, written as `90s`, `5m` or `1h30m`. */
export function duration(defaultText: string, least = 0, most = Number.MAX_SAFE_INTEGER) {
  return z
    .string()
    .default(defaultText)
    .transform((text, context): number => {
      const ms = parseDuration(text)
      if (ms === undefined) return refuse(context, text, 'a duration such as 90s, 5m or 1h30m')
      if (ms < least) return refuse(context, text, `at least ${least}ms`)
      return ms <= most ? ms : refuse(context, text, `at most ${most}ms`)
    })
}

export function integer(defaultValue: number, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
  return z
    .string()
    .default(String(defaultValue))
    .transform((text, context): number => {
      const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
      return value >= min && value <= max ? value : refuse(context, text, `a whole number from ${min} to ${max}`)
    })
}

/** `:8080`, `127.0.0.1:8080` or `[::1]:8080`; without a host on all of them, as Go writes it. */
export function address(defaultText: string) {
  return z.string().default(defaultText).transform(toAddress)
}

export function optionalAddress() {
  return z.string().transform(toAddress).optional()
}

function toAddress(text: string, context: z.core.$RefinementCtx): Address {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]*)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535) return refuse(context, text, 'an address such as :8080')
  return { host: bracketed || plain || '', port: Number(port) }
}

/** A list of `host:port`, separated by commas. */
export function hostPorts() {
  return z
    .string()
    .default('')
    .transform((text, context): Address[] => {
      const entries = text.split(',').filter((entry) => entry.trim() !== '')
      const parsed = entries.flatMap((entry) => address('').safeParse(entry.trim()).data ?? [])
      const all = parsed.filter(({ host }) => host !== '')
      return all.length === entries.length ? all : refuse(context, text, 'a list such as host-1:6379,host-2:6379')
    })
}

export function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
  defaultValue: Values[number],
) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` }).default(defaultValue)
}

/** Whether something is on; what its default is depends on other settings. */
export function onOrOff() {
  return z
    .enum(['on', 'off'], { error: 'must be one of on, off' })
    .transform((text) => text === 'on')
    .optional()
}

/** What is off unless it is said outright: a flag always has a value. */
export function consent() {
  return oneOf(['true', 'false'], 'false').transform((text) => text === 'true')
}

/** Words separated by commas, of those that are known. */
export function listOf(values: readonly string[], defaultText: string) {
  return z
    .string()
    .default(defaultText)
    .transform((text, context): string[] => {
      const words = text.split(',').map((word) => word.trim())
      const unknown = words.find((word) => !values.includes(word))
      return unknown === undefined ? words : refuse(context, unknown, `one of ${values.join(', ')}`)
    })
}

/** Names of hosts without ports, separated by commas, in the form that a URL has them in. */
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
        : refuse(context, text, 'a list such as localhost,opifer.example.com')
    })
}

function hostName(text: string): string | undefined {
  return /^(?:[^\s:/?#@*[\]\\]+|\[[\da-fA-F:.]+\])$/.test(text) ? URL.parse(`http://${text}`)?.hostname : undefined
}

export function plainText(defaultText: string) {
  return z.string().default(defaultText)
}

export function optionalText() {
  return z.string().optional()
}

/** An `http:` or `https:` address. */
export function optionalUrl() {
  return z
    .string()
    .optional()
    .transform((text, context): string | undefined => {
      if (text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text
      return refuse(context, text, 'an address such as http://collector:4318')
    })
}

function refuse(context: z.core.$RefinementCtx, given: string, wanted: string): never {
  context.addIssue({ code: 'custom', message: `${JSON.stringify(given)} is not ${wanted}` })
  return z.NEVER
}
