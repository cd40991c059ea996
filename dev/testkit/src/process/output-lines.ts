import { EventEmitter, on } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** Output of a process, line by line, in order of arrival. */
export class OutputLines {
  readonly all: string[] = []
  readonly #events = new EventEmitter()
  #ended = false

  read(input: Readable): void {
    createInterface({ input }).on('line', (line) => {
      this.all.push(line)
      this.#events.emit('line', line)
    })
  }

  end(): void {
    this.#ended = true
    this.#events.emit('end')
  }

  /** The first line that matches, past or future. */
  async waitFor(pattern: RegExp, timeout: number): Promise<string> {
    const printed = this.all.find((line) => pattern.test(line))
    if (printed !== undefined) return printed
    if (this.#ended) throw this.#failure(`the process ended; no line matched ${pattern}`)
    try {
      const options = { close: ['end'], signal: AbortSignal.timeout(timeout) }
      for await (const [line] of on(this.#events, 'line', options)) if (pattern.test(line)) return line
    } catch (cause) {
      throw this.#failure(`no line matched ${pattern} within ${timeout} ms`, cause)
    }
    throw this.#failure(`the process ended before a line matched ${pattern}`)
  }

  #failure(message: string, cause?: unknown): Error {
    return new Error([`${message}; last lines:`, ...this.all.slice(-20)].join('\n  '), { cause })
  }
}
