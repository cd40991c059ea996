import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

export interface Delivery {
  url: URL
  body: string
  contentType?: string
}

export type Answer =
  /** Success or a permanent rejection: Alertmanager does not send the webhook again. `body` is undefined when it was cut off. */
  | { code: number; body: string | undefined }
  /** Given up: no final answer came in time. */
  | { code: undefined; lastError: string }

export interface WebhookSenderOptions {
  note: (text: string) => void
  /** Ends the attempts. */
  giveUp: AbortSignal
}

/** Sends webhooks as Alertmanager does: again, with a back-off, after 5xx and transport errors and nothing else. */
export class WebhookSender {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #options: WebhookSenderOptions

  constructor(options: WebhookSenderOptions) {
    this.#options = options
  }

  async deliver(name: string, delivery: Delivery): Promise<Answer> {
    const { note, giveUp } = this.#options
    let lastError = 'never tried'
    for (let backOff = 50; !giveUp.aborted; backOff = Math.min(backOff * 2, MAX_BACK_OFF_MS)) {
      const attempt = await this.#attempt(delivery).catch((error: Error) => error)
      if (!(attempt instanceof Error) && attempt.code < 500) {
        note(`${name} was answered ${attempt.code}${attempt.body === undefined ? ', cut off' : ''}`)
        return attempt
      }
      lastError = attempt instanceof Error ? attempt.message : `${attempt.code} ${attempt.body}`
      note(`${name} failed: ${lastError}`)
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
      signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
    }
    const sending = request(url, options, (response) => {
      const code = response.statusCode ?? 0
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ code, body: Buffer.concat(chunks).toString() }))
      // To Alertmanager the status is the answer, whether or not the body arrives.
      response.on('error', () => resolve({ code, body: undefined }))
    })
    sending.on('error', reject)
    sending.end(body)
    return promise
  }
}

const ATTEMPT_TIMEOUT_MS = 3_000
const MAX_BACK_OFF_MS = 500
