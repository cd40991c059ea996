/** That something about a run is new: what the history tells on its channel. */
export interface Change {
  id: string
  kind: string
}

/** Passes changes on to whoever looks, however many they are. Nothing is asked of Redis for a viewer more. */
export interface LiveHub {
  readonly viewers: number
  publish(change: Change): void
  /** Tells that there may be changes which nobody can name. */
  publishGap(): void
  /** What one viewer is sent, as Server-Sent Events; undefined where there are too many. */
  join(): ReadableStream<Uint8Array> | undefined
  /** Ends the viewers' streams. */
  close(): void
}

export interface LiveHubSettings {
  /** Milliseconds for which changes are collected before they are sent. */
  gatherMs?: number
  /** Milliseconds between signs of life, which keep proxies from cutting a quiet connection. */
  heartbeatMs?: number
  maxViewers?: number
}

/** Changes that one event names at most; of more it says that there are more. */
const MAX_NAMED = 100
/** Events that may wait for a viewer whose connection is slow. */
const MAX_WAITING = 16

interface Viewer {
  controller: ReadableStreamDefaultController<Uint8Array>
  /** An event was not sent because too many waited. */
  missed: boolean
}

export function createLiveHub({
  gatherMs = 250,
  heartbeatMs = 15_000,
  maxViewers = 1_000,
}: LiveHubSettings = {}): LiveHub {
  const hello = encode('retry: 2000\nevent: hello\ndata: {}\n\n')
  const viewers = new Set<Viewer>()
  const gathering = gather(gatherMs, (changes, more) => {
    const event = encode(changesEvent(changes, more))
    const eventAfterGap = encode(changesEvent(changes, true))
    for (const viewer of viewers) send(viewer, viewer.missed ? eventAfterGap : event)
  })
  const heartbeat = setInterval(() => {
    for (const viewer of viewers) send(viewer, viewer.missed ? encode(changesEvent([], true)) : HEARTBEAT)
  }, heartbeatMs)

  return {
    get viewers() {
      return viewers.size
    },
    publish(change) {
      if (viewers.size > 0) gathering.add(change)
    },
    publishGap() {
      if (viewers.size > 0) gathering.add(undefined)
    },
    join() {
      if (viewers.size >= maxViewers) return undefined
      let viewer: Viewer
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            viewer = { controller, missed: false }
            viewers.add(viewer)
            controller.enqueue(hello)
          },
          cancel: () => void viewers.delete(viewer),
        },
        new CountQueuingStrategy({ highWaterMark: MAX_WAITING }),
      )
    },
    close() {
      clearInterval(heartbeat)
      gathering.stop()
      for (const { controller } of viewers) controller.close()
      viewers.clear()
    },
  }
}

/** Passes on together what is added in a while: undefined stands for changes that nobody can name. */
function gather(forMs: number, pass: (changes: readonly Change[], more: boolean) => void) {
  let gathered = new Map<string, Change>()
  let more = false
  let timer: NodeJS.Timeout | undefined
  function flush(): void {
    const changes = [...gathered.values()]
    const hadMore = more
    timer = undefined
    gathered = new Map()
    more = false
    pass(changes, hadMore)
  }
  return {
    add(change: Change | undefined): void {
      if (change && gathered.size < MAX_NAMED) gathered.set(`${change.id} ${change.kind}`, change)
      else more = true
      timer ??= setTimeout(flush, forMs)
    },
    stop: () => clearTimeout(timer),
  }
}

const HEARTBEAT = encode(': still here\n\n')

function send(viewer: Viewer, event: Uint8Array): void {
  const isFull = (viewer.controller.desiredSize ?? 0) <= 0
  if (!isFull) viewer.controller.enqueue(event)
  viewer.missed = isFull
}

function changesEvent(changes: readonly Change[], more: boolean): string {
  return `event: changes\ndata: ${JSON.stringify({ changes, more })}\n\n`
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
