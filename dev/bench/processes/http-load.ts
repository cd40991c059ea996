import { connect, type Socket } from 'node:net'
import { webhookText, writeNumber } from '../alerts.ts'
import { answer } from '../helper.ts'
import { percentile } from '../measure.ts'

/** A load of webhooks for ingest. */
export interface HttpLoad {
  port: number
  /** Alerts of each webhook. */
  alerts: number
  connections: number
  /** Ends after so many seconds, or so many webhooks, whichever comes first. */
  seconds: number
  webhooks?: number
  /** Number of the first alert. */
  first: number
  /** How many different alerts there are; they come round again after that. */
  distinct: number
  /** Webhooks a second, due at even times whether or not those before them are answered; else as fast as may be. */
  rate?: number
}

export interface HttpLoadResult {
  /** Alerts that were answered with 202. */
  acknowledged: number
  /** Webhooks that were answered otherwise. */
  refused: number
  seconds: number
  /** Milliseconds. At a given rate they count from when the webhook was due. */
  p50: number
  p99: number
}

/**
 * Written on bare sockets, with requests that are made beforehand and only given their alerts' numbers. The generator
 * shares two cores with ingest and Redis, and what it takes is missing there: 26 µs for a webhook, where autocannon 9 took
 * 69 and undici 66 with a body of its own in each request.
 */
answer(async (load: HttpLoad): Promise<HttpLoadResult> => {
  const sender = createSender(load)
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => open(load.port)))
  try {
    return await sender.run(sockets)
  } finally {
    for (const socket of sockets) socket.destroy()
  }
})

async function open(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }, resolve)
  socket.once('error', reject)
  await promise
  return socket
}

function createSender(load: HttpLoad) {
  const { bytes, places } = webhookText(load.alerts)
  const head = `POST /alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`
  const request = Buffer.concat([Buffer.from(head, 'latin1'), bytes])
  const latencies: number[] = []
  let next = 0
  let sent = 0
  let acknowledged = 0
  let refused = 0

  /** A connection has one webhook under way at most, so its buffer is free again with the answer. */
  function send(socket: Socket, buffer: Buffer): void {
    for (const place of places) writeNumber(buffer, head.length + place, load.first + (next++ % load.distinct))
    sent++
    socket.write(buffer)
  }

  function settle(status: number, since: number): void {
    latencies.push(performance.now() - since)
    if (status === 202) acknowledged += load.alerts
    else refused++
  }

  async function run(sockets: readonly Socket[]): Promise<HttpLoadResult> {
    const startedAt = performance.now()
    const deadline = startedAt + load.seconds * 1_000
    const mayGoOn = () => performance.now() < deadline && sent < (load.webhooks ?? Infinity)
    const due = load.rate === undefined ? undefined : createSchedule(load.rate, startedAt)
    await Promise.all(
      sockets.map(async (socket) => {
        const buffer = Buffer.from(request)
        const statuses = readStatuses(socket)
        while (mayGoOn()) {
          const since = due ? await due(mayGoOn) : performance.now()
          if (!mayGoOn()) break
          send(socket, buffer)
          settle(await statuses(), since)
        }
      }),
    )
    const seconds = (performance.now() - startedAt) / 1_000
    return { acknowledged, refused, seconds, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
  }

  return { run }
}

/** Hands out the times at which webhooks are due, each once its time has come. */
function createSchedule(rate: number, startedAt: number): (mayGoOn: () => boolean) => Promise<number> {
  let taken = 0
  return async (mayGoOn) => {
    const dueAt = startedAt + (taken++ / rate) * 1_000
    while (performance.now() < dueAt && mayGoOn()) await new Promise((resolve) => setTimeout(resolve, 1))
    return dueAt
  }
}

/** Reads the answers of one connection, which come one at a time. Returns what waits for the next one's status. */
function readStatuses(socket: Socket): () => Promise<number> {
  let text = ''
  let waiting: PromiseWithResolvers<number> | undefined
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1])
    if (text.length < headEnd + 4 + length) return
    const status = Number(text.slice(9, 12))
    text = ''
    waiting?.resolve(status)
  })
  socket.once('close', () => waiting?.reject(new Error('ingest closed the connection')))
  return () => {
    waiting = Promise.withResolvers()
    return waiting.promise
  }
}
