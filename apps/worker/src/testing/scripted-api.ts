import type { Collection, KubeApi, Page, WatchEvent } from '../kubernetes/client/api.ts'

/** One response to a watch: its events, then how it ends; `stay` keeps it open until aborted. */
export interface ScriptedWatch {
  events?: WatchEvent<unknown>[]
  end: 'close' | 'stay' | Error
}

export interface Script {
  /** Responses to lists; the last one repeats. */
  lists: (Page<unknown> | Error)[]
  /** Responses to watches; the last one repeats. */
  watches: ScriptedWatch[]
}

export interface ScriptedApi extends Pick<KubeApi, 'list' | 'watch'> {
  lists: Collection[]
  /** The versions that watches started from. */
  watches: string[]
}

/** An API server with scripted behavior that a real one cannot be made to show. */
export function scriptedApi(script: Script): ScriptedApi {
  const lists: Collection[] = []
  const watches: string[] = []
  return {
    lists,
    watches,
    async list<Item>(collection: Collection) {
      lists.push(collection)
      return take(script.lists, lists.length) as Page<Item>
    },
    async *watch<Item>(_collection: Collection, since: string, { signal }: { signal: AbortSignal }) {
      watches.push(since)
      const { events = [], end } = take(script.watches, watches.length)
      yield* events as WatchEvent<Item>[]
      if (end === 'stay') await new Promise((_, reject) => signal.addEventListener('abort', reject))
      if (end instanceof Error) throw end
    },
  }
}

function take<Response>(responses: (Response | Error)[], number: number): Response {
  const response = responses[Math.min(number, responses.length) - 1]
  if (response === undefined) throw new Error('the script is empty')
  if (response instanceof Error) throw response
  return response
}
