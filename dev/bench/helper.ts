import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of the benchmark itself: a load generator, a baseline or the API server stand-in. */
export interface Helper<Request, Response> {
  pid: number
  /** One request at a time. */
  ask(request: Request): Promise<Response>
  stop(): Promise<void>
}

type Reply<Response> = { response: Response } | { error: string }

/** Starts a helper. It lives through all rounds, so its code is as warm as the code it is compared with. */
export function startHelper<Request, Response>(file: string): Helper<Request, Response> {
  const child = fork(fileURLToPath(new URL(`processes/${file}`, import.meta.url)), { execArgv: [] })
  const killChild = () => child.kill('SIGKILL')
  process.once('exit', killChild)
  return {
    pid: child.pid ?? 0,
    async ask(request) {
      child.send({ request })
      const reply = await nextReply<Response>(child, file)
      if ('error' in reply) throw new Error(`${file}: ${reply.error}`)
      return reply.response
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

function nextReply<Response>(child: ChildProcess, file: string): Promise<Reply<Response>> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${file} exited with ${code}`))
    child.once('exit', onExit)
    child.once('message', (reply) => {
      child.off('exit', onExit)
      resolve(reply as Reply<Response>)
    })
  })
}

/** The helper's side: handles requests until the benchmark exits. */
export function serve(handle: (request: never) => Promise<unknown>): void {
  process.on('disconnect', () => process.exit())
  process.on('message', ({ request }: { request: never }) => {
    handle(request).then(
      (value) => process.send?.({ response: value }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
}
