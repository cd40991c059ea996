import type { LogChunk } from '../store/types.ts'

/** A line with its newline, if it has one, and the time at which it began. */
export interface LogLine {
  time: Date
  text: Buffer
}

/** Cuts chunks, which end wherever a container's write did, into lines. */
export function createLineSplitter(): { push(chunk: LogChunk): LogLine[]; end(): LogLine[] } {
  let begun: LogLine | undefined

  function grow(time: Date, part: Buffer): LogLine {
    return begun ? { time: begun.time, text: Buffer.concat([begun.text, part]) } : { time, text: part }
  }

  return {
    push({ time, data }) {
      const lines: LogLine[] = []
      let from = 0
      for (let at = data.indexOf('\n'); at >= 0; at = data.indexOf('\n', from)) {
        lines.push(grow(time, data.subarray(from, at + 1)))
        begun = undefined
        from = at + 1
      }
      if (from < data.length) begun = grow(time, data.subarray(from))
      return lines
    },
    end() {
      const last = begun
      begun = undefined
      return last ? [last] : []
    },
  }
}
