import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export const MIB = 1024 * 1024

/** Resident memory of a process in bytes. */
export interface Memory {
  now: number
  /** Maximum so far; on systems without one, the same as `now`. */
  peak: number
}

export function memoryOf(pid: number): Memory {
  if (process.platform !== 'linux') {
    const now = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024
    return { now, peak: now }
  }
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
  return { now: kib('VmRSS'), peak: kib('VmHWM') }
}

/** Microseconds of processor time used by a process; undefined on systems other than Linux. */
export function processorTimeOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is a name in parentheses that may contain anything. User and system time are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS
}

/** Linux always reports hundredths of a second here (USER_HZ). */
const TICK_MICROS = 10_000
