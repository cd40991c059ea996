import { identify, parseWebhook } from '@opifer/core'
import { type GroupPost, webhookOf } from './alerts.ts'
import { type Answer, Generator } from './generator.ts'
import type { History, Receipt } from './history.ts'
import type { Action } from './steps.ts'
import type { World } from './world.ts'

export interface DeliveriesOptions {
  /** Tells this seed's alerts from those of others. */
  scope: string
  note: (text: string) => void
  giveUp: AbortSignal
}

type Sending = Extract<Action, { kind: 'post' | 'garbage' }>

/** The posts of a seed on their way, and what was answered to them. */
export class Deliveries {
  readonly #world: World
  readonly #history: History
  readonly #options: DeliveriesOptions
  readonly #generator: Generator
  readonly #underWay: Promise<void>[] = []
  /** The last notification that an Alertmanager has sent of a group. */
  readonly #last = new Map<string, Promise<void>>()

  constructor(world: World, history: History, options: DeliveriesOptions) {
    this.#world = world
    this.#history = history
    this.#options = options
    this.#generator = new Generator(options)
  }

  send(action: Sending): void {
    const name = `post ${this.#underWay.length}`
    this.#underWay.push(action.kind === 'post' ? this.#postInTurn(name, action) : this.#postGarbage(name, action))
  }

  /** Resolves when every post has had its final answer, or was given up. */
  async done(): Promise<void> {
    await Promise.all(this.#underWay)
    this.#generator.stop()
  }

  /** Alertmanager has one notification of a group under way at a time. */
  #postInTurn(name: string, action: Extract<Sending, { kind: 'post' }>): Promise<void> {
    const sender = `${action.from} ${action.post.group}`
    const posted = (this.#last.get(sender) ?? Promise.resolve()).then(() => this.#post(name, action))
    this.#last.set(sender, posted)
    return posted
  }

  async #post(name: string, { ingest, post }: Extract<Sending, { kind: 'post' }>): Promise<void> {
    const { scope, note } = this.#options
    note(`${name} to ingest-${ingest}: ${describe(post)}`)
    this.#history.sent.push(...post.alerts.map((alert) => ({ ...alert, group: post.group })))
    const webhook = webhookOf(post, scope)
    const answer = await this.#generator.deliver(name, { url: this.#url(ingest), body: JSON.stringify(webhook) })
    if (answer.code === undefined) this.#wrong(`${name} was not answered though all was well: ${answer.lastError}`)
    else if (answer.code !== 202) this.#wrong(`${name} was answered ${answer.code} ${answer.body}`)
    else this.#acknowledge(post, webhook, answer)
  }

  #acknowledge({ group, alerts }: GroupPost, webhook: unknown, { body }: Answer & { code: number }): void {
    const receipts = body === undefined ? [] : (JSON.parse(body) as { alerts: Receipt[] }).alerts
    const parsed = parseWebhook(webhook)
    if (!parsed.ok) throw new Error(parsed.errors.join('; '))
    for (const [index, alert] of parsed.webhook.alerts.entries()) {
      const sent = alerts[index]
      if (!sent) continue
      const receipt = receipts[index]
      this.#history.acknowledged.push({
        alert: { ...sent, group },
        dedupId: identify(parsed.webhook, alert, 'alert').dedupId,
        receipt: receipt && { result: receipt.result, runId: receipt.runId },
      })
    }
  }

  async #postGarbage(
    name: string,
    { ingest, body, contentType }: Extract<Sending, { kind: 'garbage' }>,
  ): Promise<void> {
    this.#options.note(`${name} to ingest-${ingest}: garbage`)
    const answer = await this.#generator.deliver(name, { url: this.#url(ingest), body, contentType })
    if (answer.code === undefined) this.#wrong(`${name}, garbage, was not refused: ${answer.lastError}`)
    else if (answer.code < 400) this.#wrong(`${name}, garbage, was answered ${answer.code}`)
  }

  #wrong(text: string): void {
    this.#history.wrongAnswers.push(text)
  }

  #url(ingest: number): URL {
    const link = this.#world.links.get(`alertmanager→ingest-${ingest}`)
    return new URL(`http://127.0.0.1:${link?.port}/alerts`)
  }
}

function describe({ group, alerts }: GroupPost): string {
  const each = alerts.map(
    ({ alertname, instance, status, episode, defective }) =>
      `${alertname}/${instance} ${status} #${episode}${defective ? ' (defective)' : ''}`,
  )
  return `${group}: ${each.join(', ')}`
}
