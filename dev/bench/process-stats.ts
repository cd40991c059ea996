import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export const MIB = 1024 * 1024

/** Resident memory of a process in bytes. */
export interface Memory {
  now: number
  /** The most that it ever was; what it is now where the system does not keep it. */
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

/** Microseconds of processor time that a process has taken so far; undefined where the system does not tell. */
export function processorTimeOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is a name in brackets that may hold anything; the user's and the system's time are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS
}

/** Linux reports in hundredths of a second whatever its own clock does (USER_HZ). */
const TICK_MICROS = 10_000
