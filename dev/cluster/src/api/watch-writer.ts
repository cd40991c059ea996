import type { ServerResponse } from 'node:http'
import type { StoreEvent } from '../store/types.ts'
import type { Call } from './call.ts'
import { createDelayLine } from './delay-line.ts'
import type { Status } from './status.ts'
import { createTableRenderer } from './table/render.ts'

/** What a watch sends: changes, and two things that are none. */
export type WatchEvent = StoreEvent | { type: 'BOOKMARK'; object: object } | { type: 'ERROR'; object: Status }

export interface WatchWriter {
  write(event: WatchEvent): void
  end(event: WatchEvent): void
  close(): void
}

/** A client that reads so slowly that this much waits for it is cut off, as the API server does. */
const BACKLOG_LIMIT = 64 * 1024 * 1024

/** Puts a watch's events on the wire, one JSON document a line, as faults would have them. */
export function createWatchWriter(call: Call, response: ServerResponse): WatchWriter {
  const { info, state } = call
  const render = createTableRenderer(call)

  function put({ type, object }: WatchEvent): void {
    const body = call.wantsTable && type !== 'ERROR' ? render(object) : object
    response.write(`${JSON.stringify({ type, object: body })}\n`)
    if (response.writableLength > BACKLOG_LIMIT) response.destroy()
  }

  const line = createDelayLine(put)

  return {
    write(event) {
      if (event.type === 'BOOKMARK' || event.type === 'ERROR') return line.push(event, 0)
      const { delay, duplicate, stale } = state.faults.onEvent(info, event.object.metadata.name)
      line.push(event, delay)
      if (duplicate) line.push(event, delay)
      if (stale && event.previous) line.push({ type: 'MODIFIED', object: event.previous }, delay)
    },
    end(event) {
      put(event)
      response.end()
    },
    close: () => line.clear(),
  }
}
