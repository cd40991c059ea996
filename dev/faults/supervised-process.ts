import { setTimeout as sleep } from 'node:timers/promises'
import type { OpiferProcess } from '@opifer/testkit'

export interface SupervisorListener {
  /** A line for the event log. */
  note(text: string): void
  /** The process exited on its own. */
  crashed(text: string): void
}

/** Far more than any fault can make fail: beyond that the environment itself is broken. */
const MAX_STARTS = 50

/** A process that is restarted whenever it has ended, as Kubernetes would. */
export class SupervisedProcess {
  readonly name: string
  readonly #start: () => Promise<OpiferProcess>
  readonly #listener: SupervisorListener
  #current: OpiferProcess | undefined
  #work: Promise<void>
  #stopped = false

  constructor(name: string, start: () => Promise<OpiferProcess>, listener: SupervisorListener) {
    this.name = name
    this.#start = start
    this.#listener = listener
    this.#work = this.#up()
  }

  /** The process, unless it is down. */
  get current(): OpiferProcess | undefined {
    return this.#current
  }

  /** Resolves when no work is pending and the process is up. */
  async settled(): Promise<void> {
    for (let work; work !== this.#work; ) {
      work = this.#work
      await work
    }
  }

  /** Ends the process and starts it again after `down` milliseconds; resolves when it is back. */
  restart(signal: 'SIGKILL' | 'SIGTERM', down: number): Promise<void> {
    return this.#enqueue(async () => {
      await this.#end(signal)
      await sleep(down)
      await this.#up()
    })
  }

  freeze(until: Promise<unknown>): Promise<void> {
    return this.#enqueue(async () => {
      this.#current?.signal('SIGSTOP')
      await until
      this.#current?.signal('SIGCONT')
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#enqueue(() => this.#end('SIGKILL'))
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work)
    return this.#work
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const process = this.#current
    this.#current = undefined
    if (!process) return
    process.signal(signal)
    this.#listener.note(`${this.name} ended by ${signal} with exit code ${await process.exited}`)
  }

  async #up(): Promise<void> {
    for (let attempt = 1; !this.#stopped; attempt++) {
      try {
        this.#watch(await this.#start())
        return
      } catch (error) {
        if (attempt === MAX_STARTS) throw error
        const [reason] = String(error).split('\n')
        this.#listener.note(`${this.name} did not start: ${reason}`)
      }
    }
  }

  #watch(process: OpiferProcess): void {
    this.#current = process
    this.#listener.note(`${this.name} is up`)
    void process.exited.then((code) => {
      if (this.#current !== process) return
      this.#current = undefined
      const lastLines = process.lines.slice(-3).join('\n')
      this.#listener.crashed(`${this.name} exited on its own with exit code ${code}: ${lastLines}`)
      void this.#enqueue(() => this.#up())
    })
  }
}
