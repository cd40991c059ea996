import type { Collection, KubeApi, Page, WatchEvent } from '../kubernetes/client/api.ts'

/** One answer to a watch: its events, and how it ends, or that it stays open until it is aborted. */
export interface ScriptedWatch {
  events?: WatchEvent<unknown>[]
  end: 'close' | 'stay' | Error
}

export interface Script {
  /** Answers to lists, the last one again and again. */
  lists: (Page<unknown> | Error)[]
  /** Answers to watches, the last one again and again. */
  watches: ScriptedWatch[]
}

export interface ScriptedApi extends Pick<KubeApi, 'list' | 'watch'> {
  lists: Collection[]
  /** The versions that watches were opened from. */
  watches: string[]
}

/** An API server that does what no real one can be brought to do at will. */
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

function take<Answer>(answers: (Answer | Error)[], number: number): Answer {
  const answer = answers[Math.min(number, answers.length) - 1]
  if (answer === undefined) throw new Error('the script is empty')
  if (answer instanceof Error) throw answer
  return answer
}
