/** A line of the event log, for people who investigate a failed schedule. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  at: number
  text: string
}

/** The lines in order of time, as seconds since `start`. */
export function renderEventLog(lines: readonly LogLine[], start: number): string {
  return lines
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, text }) => `${((at - start) / 1_000).toFixed(3).padStart(8)} s  ${text}`)
    .join('\n')
}
