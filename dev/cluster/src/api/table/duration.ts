const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** A time span as kubectl shows it: two units while the second one matters. See k8s.io/apimachinery/pkg/util/duration. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 0) return seconds < -1 ? '<invalid>' : '0s'
  if (seconds < 2 * MINUTE) return `${seconds}s`
  if (seconds < 10 * MINUTE) return twoUnits(seconds, MINUTE, 'm', 's')
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`
  if (seconds < 8 * HOUR) return twoUnits(seconds, HOUR, 'h', 'm')
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`
  if (seconds < 8 * DAY) return twoUnits(seconds, DAY, 'd', 'h')
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`
  if (seconds < 8 * YEAR) return twoUnits(seconds, YEAR, 'y', 'd')
  return `${Math.floor(seconds / YEAR)}y`
}

const smaller = { s: 1, m: MINUTE, h: HOUR, d: DAY }

function twoUnits(seconds: number, unit: number, name: string, rest: keyof typeof smaller): string {
  const remainder = Math.floor((seconds % unit) / smaller[rest])
  return `${Math.floor(seconds / unit)}${name}${remainder === 0 ? '' : `${remainder}${rest}`}`
}
