import type { ServerResponse } from 'node:http'
import type { KubeObject, StoreEvent } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { isTrue } from '../request-info.ts'
import { apiVersionOf } from '../resources.ts'
import { expired } from '../status.ts'
import { createWatchWriter, type WatchWriter } from '../watch-writer.ts'
import { versionParameter } from './resource-version.ts'
import { selection } from './selection.ts'

interface Start {
  matches: (object: KubeObject) => boolean
  /** Undefined: from the present state, every object of it told as ADDED. */
  version: number | undefined
  bookmarks: boolean
  seconds: number
}

/** As long as the API server keeps watches of clients that name no time: half an hour to an hour. */
const LEAST_SECONDS = 1800
const MOST_SECONDS = 86_400

export function watch(call: Call): Answer {
  const { query, state } = call
  const start: Start = {
    matches: selection(call),
    version: isTrue(query.get('sendInitialEvents')) ? undefined : versionParameter(call),
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    seconds: Math.min(Number(query.get('timeoutSeconds')) || LEAST_SECONDS * (1 + state.random()), MOST_SECONDS),
  }
  return { code: 200, contentType: 'application/json', open: (response) => stream(call, start, response) }
}

function stream(call: Call, start: Start, response: ServerResponse): void {
  const { info, state } = call
  // The client has its headers at once, though the first event may be long in coming.
  response.flushHeaders()
  if (state.faults.silences(info)) return state.streams.add('watch', response, () => {})
  const writer = createWatchWriter(call, response)
  const past = pastEvents(call, start)
  if (!past) {
    const { status } = expired(`too old resource version: ${start.version} (${state.store.resourceVersion})`)
    writer.end({ type: 'ERROR', object: status })
    return
  }
  const send = (event: StoreEvent): void => {
    const visible = asSeenThrough(start.matches, event)
    if (visible) writer.write(visible)
  }
  past.forEach(send)
  if (start.bookmarks && isTrue(call.query.get('sendInitialEvents'))) writer.write(bookmark(call, true))
  const unsubscribe = state.store.subscribe(info.resource.name, (event) => {
    if (info.namespace === undefined || event.object.metadata.namespace === info.namespace) send(event)
  })
  keepOpen(call, start, { response, writer, unsubscribe })
}

function pastEvents({ info, state }: Call, { version }: Start): StoreEvent[] | undefined {
  const { name } = info.resource
  if (version === undefined) {
    return state.store.list(name, info.namespace).map((object) => ({ type: 'ADDED', object }))
  }
  const events = state.store.since(name, version)
  return events?.filter(({ object }) => info.namespace === undefined || object.metadata.namespace === info.namespace)
}

/** To a watch with a selector an object comes into being when it begins to match, and goes when it ceases to. */
function asSeenThrough(matches: (object: KubeObject) => boolean, event: StoreEvent): StoreEvent | undefined {
  const { type, object, previous } = event
  if (type !== 'MODIFIED') return matches(object) ? event : undefined
  const before = previous !== undefined && matches(previous)
  if (matches(object)) return before ? event : { type: 'ADDED', object }
  return before ? { ...event, type: 'DELETED' } : undefined
}

interface Session {
  response: ServerResponse
  writer: WatchWriter
  unsubscribe: () => void
}

function keepOpen(call: Call, { bookmarks, seconds }: Start, { response, writer, unsubscribe }: Session): void {
  const timeout = setTimeout(() => response.end(), seconds * 1000)
  const ticker = bookmarks && setInterval(() => writer.write(bookmark(call)), call.state.bookmarkInterval)
  call.state.streams.add('watch', response, () => {
    unsubscribe()
    clearTimeout(timeout)
    clearInterval(ticker || undefined)
    writer.close()
  })
}

/** Tells the client how far it has seen, so that it need not begin anew after a quiet time. */
function bookmark({ info, state }: Call, initialEventsEnd = false): { type: 'BOOKMARK'; object: object } {
  const annotations = initialEventsEnd && { annotations: { 'k8s.io/initial-events-end': 'true' } }
  const metadata = { resourceVersion: String(state.store.resourceVersion), creationTimestamp: null, ...annotations }
  return { type: 'BOOKMARK', object: { apiVersion: apiVersionOf(info.resource), kind: info.resource.kind, metadata } }
}
