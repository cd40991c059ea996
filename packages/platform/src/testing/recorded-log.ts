import { pino } from 'pino'

/** A logger that keeps its lines. */
export function recordedLog() {
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length
  return { log, lines, count }
}
