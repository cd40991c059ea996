import type { ServerResponse } from 'node:http'
import { apiVersionOf } from '../../resources.ts'
import type { KubeObject, StoreEvent } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { isTrue } from '../request-info.ts'
import { expired, type Status } from '../status.ts'
import { createTableRenderer } from '../table.ts'
import { selection, versionParameter } from './read.ts'

interface Start {
  matches: (object: KubeObject) => boolean
  /** Undefined: from the present state, with every object as ADDED. */
  version: number | undefined
  bookmarks: boolean
  seconds: number
}

/** Without a `timeoutSeconds` the API server keeps watches for half an hour to an hour. */
const MIN_SECONDS = 1800
const MAX_SECONDS = 86_400

export function watch(call: Call): Answer {
  const { query, state } = call
  const start: Start = {
    matches: selection(call),
    version: isTrue(query.get('sendInitialEvents')) ? undefined : versionParameter(call),
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    seconds: Math.min(Number(query.get('timeoutSeconds')) || MIN_SECONDS * (1 + state.random()), MAX_SECONDS),
  }
  return { code: 200, contentType: 'application/json', open: (response) => stream(call, start, response) }
}

function stream(call: Call, start: Start, response: ServerResponse): void {
  const { info, state } = call
  // The client gets its headers at once, even if the first event takes long.
  response.flushHeaders()
  if (state.faults.silences(info)) return state.streams.add('watch', response, () => {})
  const writer = createWatchWriter(call, response)
  const past = pastEvents(call, start)
  if (!past) {
    const { status } = expired(`too old resource version: ${start.version} (${state.store.resourceVersion})`)
    return writer.end({ type: 'ERROR', object: status })
  }
  const send = (event: StoreEvent): void => {
    if (info.namespace !== undefined && event.object.metadata.namespace !== info.namespace) return
    const visible = filtered(start.matches, event)
    if (visible) writer.write(visible)
  }
  past.forEach(send)
  if (start.bookmarks && isTrue(call.query.get('sendInitialEvents'))) writer.write(bookmark(call, true))
  const unsubscribe = state.store.subscribe(info.resource.name, send)
  const timeout = setTimeout(() => response.end(), start.seconds * 1000)
  const ticker = start.bookmarks ? setInterval(() => writer.write(bookmark(call)), state.bookmarkInterval) : undefined
  state.streams.add('watch', response, () => {
    unsubscribe()
    clearTimeout(timeout)
    clearInterval(ticker)
    writer.close()
  })
}

function pastEvents({ info, state }: Call, { version }: Start): StoreEvent[] | undefined {
  const { name } = info.resource
  if (version !== undefined) return state.store.since(name, version)
  return state.store.list(name, info.namespace).map((object) => ({ type: 'ADDED', object }))
}

/** For a watch with a selector, an object is added when it begins to match and deleted when it stops matching. */
function filtered(matches: (object: KubeObject) => boolean, event: StoreEvent): StoreEvent | undefined {
  const { type, object, previous } = event
  if (type !== 'MODIFIED') return matches(object) ? event : undefined
  const before = previous !== undefined && matches(previous)
  if (matches(object)) return before ? event : { type: 'ADDED', object }
  return before ? { ...event, type: 'DELETED' } : undefined
}

/** Gives the client the version it can resume from. */
function bookmark({ info, state }: Call, initialEventsEnd = false): WatchEvent {
  const annotations = initialEventsEnd && { annotations: { 'k8s.io/initial-events-end': 'true' } }
  const metadata = { resourceVersion: String(state.store.resourceVersion), creationTimestamp: null, ...annotations }
  return { type: 'BOOKMARK', object: { apiVersion: apiVersionOf(info.resource), kind: info.resource.kind, metadata } }
}

type WatchEvent = StoreEvent | { type: 'BOOKMARK'; object: object } | { type: 'ERROR'; object: Status }

/** The API server also disconnects a client that reads so slowly that this much is buffered. */
const BACKLOG_LIMIT = 64 * 1024 * 1024

/** Writes events to the client, one JSON document a line, with their faults. */
function createWatchWriter(call: Call, response: ServerResponse) {
  const { info, state } = call
  const render = createTableRenderer(call)
  // Delayed events, in order: a later event never overtakes a delayed one.
  const held: { event: WatchEvent; due: number }[] = []
  let timer: NodeJS.Timeout | undefined

  function put({ type, object }: WatchEvent): void {
    const body = call.wantsTable && type !== 'ERROR' ? render(object) : object
    response.write(`${JSON.stringify({ type, object: body })}\n`)
    if (response.writableLength > BACKLOG_LIMIT) response.destroy()
  }

  function release(): void {
    while (held[0] && held[0].due <= performance.now()) put((held.shift() as { event: WatchEvent }).event)
    timer = held[0] && setTimeout(release, held[0].due - performance.now())
  }

  function push(event: WatchEvent, delay: number): void {
    if (held.length === 0 && delay === 0) return put(event)
    held.push({ event, due: performance.now() + delay })
    timer ??= setTimeout(release, delay)
  }

  return {
    write(event: WatchEvent) {
      if (event.type === 'BOOKMARK' || event.type === 'ERROR') return push(event, 0)
      const { delay, duplicate, stale } = state.faults.onEvent(info, event.object.metadata.name)
      push(event, delay)
      if (duplicate) push(event, delay)
      if (stale && event.previous) push({ type: 'MODIFIED', object: event.previous }, delay)
    },
    end(event: WatchEvent) {
      put(event)
      response.end()
    },
    close() {
      clearTimeout(timer)
      held.length = 0
    },
  }
}
