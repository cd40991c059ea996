import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

export interface Delivery {
  url: URL
  body: string
  contentType?: string
}

export type Answer =
  /** Success or a refusal for good: Alertmanager sends the webhook no more. `body` is undefined when it was cut off. */
  | { code: number; body: string | undefined }
  /** Given up, since no final answer came in time. */
  | { code: undefined; lastError: string }

export interface GeneratorOptions {
  note: (text: string) => void
  /** Ends the attempts. */
  giveUp: AbortSignal
}

/** Sends webhooks as Alertmanager does: again after 5xx and transport errors, with a back-off, and after nothing else. */
export class Generator {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #options: GeneratorOptions

  constructor(options: GeneratorOptions) {
    this.#options = options
  }

  async deliver(name: string, delivery: Delivery): Promise<Answer> {
    const { note, giveUp } = this.#options
    let lastError = 'never tried'
    for (let backOff = 50; !giveUp.aborted; backOff = Math.min(backOff * 2, MAX_BACK_OFF)) {
      const attempt = await this.#attempt(delivery).catch((error: Error) => error)
      if (!(attempt instanceof Error) && attempt.code < 500) {
        note(`${name} was answered ${attempt.code}${attempt.body === undefined ? ', cut off' : ''}`)
        return attempt
      }
      lastError = attempt instanceof Error ? attempt.message : `${attempt.code} ${attempt.body}`
      note(`${name} did not get through: ${lastError}`)
      await delay(backOff, undefined, { signal: giveUp }).catch(() => {})
    }
    return { code: undefined, lastError }
  }

  stop(): void {
    this.#agent.destroy()
  }

  #attempt({
    url,
    body,
    contentType = 'application/json',
  }: Delivery): Promise<{ code: number; body: string | undefined }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ code: number; body: string | undefined }>()
    const options = {
      method: 'POST',
      agent: this.#agent,
      headers: { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(ATTEMPT_TIMEOUT),
    }
    const sending = request(url, options, (response) => {
      const code = response.statusCode ?? 0
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ code, body: Buffer.concat(chunks).toString() }))
      // The status was said: to Alertmanager that is the answer, whatever becomes of the body.
      response.on('error', () => resolve({ code, body: undefined }))
    })
    sending.on('error', reject)
    sending.end(body)
    return promise
  }
}

const ATTEMPT_TIMEOUT = 3_000
const MAX_BACK_OFF = 500
