import { parseWebhook } from '@opifer/core'
import type { GarbageAction, PostAction } from './actions.ts'
import { alertKeyOf } from './alert-key.ts'
import { type GroupPost, webhookOf } from './alerts.ts'
import type { Environment } from './environment.ts'
import type { History, Receipt } from './history.ts'
import { type Answer, WebhookSender } from './webhook-sender.ts'

export interface DeliveriesOptions {
  /** Keeps the alerts of this play apart from those of others. */
  scope: string
  note: (text: string) => void
  giveUp: AbortSignal
}

/** The posts of a play, and the answers to them. */
export class Deliveries {
  readonly #environment: Environment
  readonly #history: History
  readonly #options: DeliveriesOptions
  readonly #sender: WebhookSender
  readonly #pending: Promise<void>[] = []
  /** The last notification of a group that an Alertmanager has sent. */
  readonly #last = new Map<string, Promise<void>>()

  constructor(environment: Environment, history: History, options: DeliveriesOptions) {
    this.#environment = environment
    this.#history = history
    this.#options = options
    this.#sender = new WebhookSender(options)
  }

  send(action: PostAction | GarbageAction): void {
    const name = `post ${this.#pending.length}`
    this.#pending.push(action.kind === 'post' ? this.#postInOrder(name, action) : this.#postGarbage(name, action))
  }

  /** Resolves when every post has its final answer or was given up. */
  async done(): Promise<void> {
    await Promise.all(this.#pending)
    this.#sender.stop()
  }

  /** Alertmanager sends one notification of a group at a time. */
  #postInOrder(name: string, action: PostAction): Promise<void> {
    const sender = `${action.from} ${action.post.group}`
    const posted = (this.#last.get(sender) ?? Promise.resolve()).then(() => this.#post(name, action))
    this.#last.set(sender, posted)
    return posted
  }

  async #post(name: string, { ingest, post }: PostAction): Promise<void> {
    const { scope, note } = this.#options
    note(`${name} to ingest-${ingest}: ${describe(post)}`)
    this.#history.sent.push(...post.alerts.map((alert) => ({ ...alert, group: post.group })))
    const webhook = webhookOf(post, scope)
    const answer = await this.#sender.deliver(name, { url: this.#url(ingest), body: JSON.stringify(webhook) })
    if (answer.code === undefined)
      this.#wrong(`${name} was not answered after everything was healed: ${answer.lastError}`)
    else if (answer.code !== 202) this.#wrong(`${name} was answered ${answer.code} ${answer.body}`)
    else this.#acknowledge(post, webhook, answer)
  }

  #acknowledge({ group, alerts }: GroupPost, webhook: unknown, { body }: Answer & { code: number }): void {
    const receipts = body === undefined ? [] : (JSON.parse(body) as { alerts: Receipt[] }).alerts
    const parsed = parseWebhook(webhook)
    if (!parsed.ok) throw new Error('a fault run has sent a webhook that can not be parsed')
    const { receiver, groupKey } = parsed.webhook
    for (const [index, alert] of parsed.webhook.alerts.entries()) {
      const sent = alerts[index]
      if (!sent) continue
      const receipt = receipts[index]
      this.#history.acknowledged.push({
        alert: { ...sent, group },
        alertKey: alertKeyOf({ receiver, groupKey, alert }),
        receipt: receipt && { result: receipt.result, runId: receipt.runId },
      })
    }
  }

  async #postGarbage(name: string, { ingest, body, contentType }: GarbageAction): Promise<void> {
    this.#options.note(`${name} to ingest-${ingest}: garbage`)
    const answer = await this.#sender.deliver(name, { url: this.#url(ingest), body, contentType })
    if (answer.code === undefined) this.#wrong(`${name}, garbage, was not rejected: ${answer.lastError}`)
    else if (answer.code < 400) this.#wrong(`${name}, garbage, was answered ${answer.code}`)
  }

  #wrong(text: string): void {
    this.#history.wrongAnswers.push(text)
  }

  #url(ingest: number): URL {
    const link = this.#environment.links.get(`alertmanager→ingest-${ingest}`)
    return new URL(`http://127.0.0.1:${link?.port}/alerts`)
  }
}

function describe({ group, alerts }: GroupPost): string {
  const each = alerts.map(
    ({ alertname, instance, status, episode, invalid }) =>
      `${alertname}/${instance} ${status} #${episode}${invalid ? ' (invalid)' : ''}`,
  )
  return `${group}: ${each.join(', ')}`
}
