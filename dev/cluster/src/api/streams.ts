import type { ServerResponse } from 'node:http'

/** The answers that are still being written: watches, and logs that are followed. */
export interface Streams {
  /** Keeps the answer until it is closed; `onClose` runs once, whoever closed it. */
  add(kind: 'watch' | 'log', response: ServerResponse, onClose: () => void): void
  /** Breaks the connections of a kind, or of all, as a restart of the API server or a broken network would. */
  cut(kind?: 'watch' | 'log'): void
}

export function createStreams(): Streams {
  const open = new Map<ServerResponse, 'watch' | 'log'>()
  return {
    add(kind, response, onClose) {
      open.set(response, kind)
      response.once('close', () => {
        open.delete(response)
        onClose()
      })
    },
    cut(kind) {
      for (const [response, of] of open) if (kind === undefined || of === kind) response.destroy()
    },
  }
}
