const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION = /^(?:\d+(?:ms|[smhd]))+$/
const PART = /(\d+)(ms|[smhd])/g

/** Milliseconds of a duration such as `90s`, `5m` or `1h30m`, with units from `ms` to `d`; or a bare `0`. Undefined if invalid. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!DURATION.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0)
  return Number.isSafeInteger(total) ? total : undefined
}
