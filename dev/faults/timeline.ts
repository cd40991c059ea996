/** A line of what happened, for people who look into a seed that failed. */
export interface Line {
  /** Milliseconds since the epoch. */
  at: number
  text: string
}

/** What happened in order of time, beginning at `start`. */
export function renderTimeline(lines: readonly Line[], start: number): string {
  return lines
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, text }) => `${((at - start) / 1_000).toFixed(3).padStart(8)} s  ${text}`)
    .join('\n')
}
