import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of the benchmark itself: a load generator, a baseline, the API server's stand-in. */
export interface Helper<Question, Answer> {
  pid: number
  /** One question at a time. */
  ask(question: Question): Promise<Answer>
  stop(): Promise<void>
}

type Reply<Answer> = { answer: Answer } | { error: string }

/** Starts a helper, which lives over all rounds, so that its code is as warm as that of what it is compared with. */
export function startHelper<Question, Answer>(file: string): Helper<Question, Answer> {
  const child = fork(fileURLToPath(new URL(`processes/${file}`, import.meta.url)), { execArgv: [] })
  const killChild = () => child.kill('SIGKILL')
  process.once('exit', killChild)
  return {
    pid: child.pid ?? 0,
    async ask(question) {
      child.send({ question })
      const reply = await nextReply<Answer>(child, file)
      if ('error' in reply) throw new Error(`${file}: ${reply.error}`)
      return reply.answer
    },
    async stop() {
      process.off('exit', killChild)
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

function nextReply<Answer>(child: ChildProcess, file: string): Promise<Reply<Answer>> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${file} exited with ${code}`))
    child.once('exit', onExit)
    child.once('message', (reply) => {
      child.off('exit', onExit)
      resolve(reply as Reply<Answer>)
    })
  })
}

/** The helper's side: answers each question that the benchmark asks, and goes when the benchmark does. */
export function answer(handle: (question: never) => Promise<unknown>): void {
  process.on('disconnect', () => process.exit())
  process.on('message', ({ question }: { question: never }) => {
    handle(question).then(
      (value) => process.send?.({ answer: value }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
}
