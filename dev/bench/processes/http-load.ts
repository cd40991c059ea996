import { connect, type Socket } from 'node:net'
import { webhookText, writeNumber } from '../alerts.ts'
import { serve } from '../helper.ts'
import { percentile } from '../measure.ts'

/** A load of webhooks for ingest. */
export interface HttpLoad {
  port: number
  /** Alerts per webhook. */
  alerts: number
  connections: number
  /** The load ends after this time or this number of webhooks, whichever comes first. */
  seconds: number
  webhooks?: number
  /** Number of the first alert. */
  first: number
  /** Number of different alerts; then they repeat. */
  distinct: number
  /** Webhooks per second at even intervals, whether or not earlier ones have a response (default as fast as possible). */
  rate?: number
}

export interface HttpLoadResult {
  /** Alerts acknowledged with 202. */
  acknowledged: number
  /** Webhooks with any other response. */
  rejected: number
  seconds: number
  /** Milliseconds; with a `rate`, from the time at which the webhook was due. */
  p50: number
  p99: number
}

/**
 * Writes prepared requests to bare sockets and changes only the numbers of the alerts. The generator shares two cores with
 * ingest and Redis, so its own cost distorts the figures: 26 µs per webhook here, 69 with autocannon 9 and 66 with undici when
 * every request has a body of its own.
 */
serve(async (load: HttpLoad): Promise<HttpLoadResult> => {
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
  const { bytes, offsets } = webhookText(load.alerts)
  const head = `POST /alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`
  const positions = offsets.map((one) => one.map((offset) => head.length + offset))
  const request = Buffer.concat([Buffer.from(head, 'latin1'), bytes])
  const latencies: number[] = []
  let next = 0
  let sent = 0
  let acknowledged = 0
  let rejected = 0

  /** A connection has at most one webhook in flight, so its buffer is free again after the response. */
  function send(socket: Socket, buffer: Buffer): void {
    for (const position of positions) writeNumber(buffer, position, load.first + (next++ % load.distinct))
    sent++
    socket.write(buffer)
  }

  function settle(status: number, since: number): void {
    latencies.push(performance.now() - since)
    if (status === 202) acknowledged += load.alerts
    else rejected++
  }

  async function run(sockets: readonly Socket[]): Promise<HttpLoadResult> {
    const startedAt = performance.now()
    const deadline = startedAt + load.seconds * 1_000
    const isOpen = () => performance.now() < deadline && sent < (load.webhooks ?? Infinity)
    const due = load.rate === undefined ? undefined : createSchedule(load.rate, startedAt)
    await Promise.all(
      sockets.map(async (socket) => {
        const buffer = Buffer.from(request)
        const statuses = readStatuses(socket)
        while (isOpen()) {
          const since = due ? await due(isOpen) : performance.now()
          if (!isOpen()) break
          send(socket, buffer)
          settle(await statuses(), since)
        }
      }),
    )
    const seconds = (performance.now() - startedAt) / 1_000
    return { acknowledged, rejected, seconds, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
  }

  return { run }
}

/** Resolves with the time at which the next webhook is due, once that time has come. */
function createSchedule(rate: number, startedAt: number): (isOpen: () => boolean) => Promise<number> {
  let taken = 0
  return async (isOpen) => {
    const dueAt = startedAt + (taken++ / rate) * 1_000
    while (performance.now() < dueAt && isOpen()) await new Promise((resolve) => setTimeout(resolve, 1))
    return dueAt
  }
}

/** Reads responses, one at a time. The returned function waits for the next status. */
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
