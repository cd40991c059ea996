/** A change of a run, as the history publishes it. */
export interface Change {
  id: string
  kind: string
}

/** Fans changes out to SSE clients. An extra client costs Redis nothing. */
export interface LiveHub {
  readonly clients: number
  publish(change: Change): void
  /** Reports that changes may have been missed. */
  publishGap(): void
  /** Opens the event stream of one client; undefined if there are too many. */
  join(): ReadableStream<Uint8Array> | undefined
  /** Ends all streams. */
  close(): void
}

export interface LiveHubSettings {
  /** Milliseconds to collect changes before sending them. */
  batchMs?: number
  /** Milliseconds between heartbeats, which keep proxies from closing an idle connection. */
  heartbeatMs?: number
  maxClients?: number
}

/** Changes per event; beyond that the event only says that there are more. */
const MAX_CHANGES = 100
/** Events to buffer for a slow client. */
const MAX_BUFFERED = 16

interface Client {
  controller: ReadableStreamDefaultController<Uint8Array>
  /** The last event was dropped because the buffer was full. */
  missed: boolean
}

export function createLiveHub({
  batchMs = 250,
  heartbeatMs = 15_000,
  maxClients = 1_000,
}: LiveHubSettings = {}): LiveHub {
  const hello = encode('retry: 2000\nevent: hello\ndata: {}\n\n')
  const clients = new Set<Client>()
  const batch = createBatch(batchMs, (changes, more) => {
    const event = encode(changesEvent(changes, more))
    const eventAfterGap = encode(changesEvent(changes, true))
    for (const client of clients) send(client, client.missed ? eventAfterGap : event)
  })
  const heartbeat = setInterval(() => {
    for (const client of clients) send(client, client.missed ? encode(changesEvent([], true)) : HEARTBEAT)
  }, heartbeatMs)

  return {
    get clients() {
      return clients.size
    },
    publish(change) {
      if (clients.size > 0) batch.add(change)
    },
    publishGap() {
      if (clients.size > 0) batch.add(undefined)
    },
    join() {
      if (clients.size >= maxClients) return undefined
      let client: Client
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            client = { controller, missed: false }
            clients.add(client)
            controller.enqueue(hello)
          },
          cancel: () => void clients.delete(client),
        },
        new CountQueuingStrategy({ highWaterMark: MAX_BUFFERED }),
      )
    },
    close() {
      clearInterval(heartbeat)
      batch.stop()
      for (const { controller } of clients) controller.close()
      clients.clear()
    },
  }
}

/** Collects changes and flushes them together, `batchMs` after the first. Adding undefined means unknown changes. */
function createBatch(batchMs: number, onFlush: (changes: readonly Change[], more: boolean) => void) {
  let collected = new Map<string, Change>()
  let more = false
  let timer: NodeJS.Timeout | undefined
  function flush(): void {
    const changes = [...collected.values()]
    const hadMore = more
    timer = undefined
    collected = new Map()
    more = false
    onFlush(changes, hadMore)
  }
  return {
    add(change: Change | undefined): void {
      if (change && collected.size < MAX_CHANGES) collected.set(`${change.id} ${change.kind}`, change)
      else more = true
      timer ??= setTimeout(flush, batchMs)
    },
    stop: () => clearTimeout(timer),
  }
}

const HEARTBEAT = encode(': heartbeat\n\n')

/** Drops the event if the client's buffer is full; the next one that fits reports the gap. */
function send(client: Client, event: Uint8Array): void {
  const isFull = (client.controller.desiredSize ?? 0) <= 0
  if (!isFull) client.controller.enqueue(event)
  client.missed = isFull
}

function changesEvent(changes: readonly Change[], more: boolean): string {
  return `event: changes\ndata: ${JSON.stringify({ changes, more })}\n\n`
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
