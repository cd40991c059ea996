import { setTimeout as sleep } from 'node:timers/promises'
import type { OpiferProcess } from '@opifer/testkit'

export interface SupervisorNotes {
  /** Something worth a line in the history. */
  note(text: string): void
  /** The process ended without being told to. */
  crashed(text: string): void
}

/** A process that is started anew whenever it has ended, as Kubernetes would. */
export class Supervised {
  readonly name: string
  readonly #start: () => Promise<OpiferProcess>
  readonly #notes: SupervisorNotes
  #current: OpiferProcess | undefined
  #work: Promise<void>
  #stopped = false

  constructor(name: string, start: () => Promise<OpiferProcess>, notes: SupervisorNotes) {
    this.name = name
    this.#start = start
    this.#notes = notes
    this.#work = this.#up()
  }

  /** The process, unless it is down at the moment. */
  get current(): OpiferProcess | undefined {
    return this.#current
  }

  /** Resolves when nothing is left to be done and the process is up. */
  async settled(): Promise<void> {
    for (let work; work !== this.#work; ) {
      work = this.#work
      await work
    }
  }

  /** Ends the process and starts it again; resolves when it is back. */
  restart(signal: 'SIGKILL' | 'SIGTERM', down: number): Promise<void> {
    return this.#enqueue(async () => {
      await this.#end(signal)
      await sleep(down)
      await this.#up()
    })
  }

  freeze(lasts: Promise<unknown>): Promise<void> {
    return this.#enqueue(async () => {
      this.#current?.signal('SIGSTOP')
      await lasts
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
    this.#notes.note(`${this.name} ended by ${signal} with exit code ${await process.exited}`)
  }

  async #up(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#watch(await this.#start())
        return
      } catch (error) {
        const [reason] = String(error).split('\n')
        this.#notes.note(`${this.name} did not come up: ${reason}`)
      }
    }
  }

  #watch(process: OpiferProcess): void {
    this.#current = process
    this.#notes.note(`${this.name} is up`)
    void process.exited.then((code) => {
      if (this.#current !== process) return
      this.#current = undefined
      this.#notes.crashed(`${this.name} ended by itself with exit code ${code}: ${process.lines.slice(-3).join('\n')}`)
      void this.#enqueue(() => this.#up())
    })
  }
}
