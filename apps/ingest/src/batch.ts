/** Does some work for each item, in one go for many, and answers in their order. */
export type BatchWork<Item, Answer> = (items: readonly Item[]) => Promise<Answer[]>

interface Request<Item, Answer> {
  items: readonly Item[]
  settle: PromiseWithResolvers<Answer[]>
}

/**
 * Puts together what is asked for in the same turn of the event loop, so that many small requests cost little more than one
 * large one. It waits for nothing: under light load each request is a batch by itself. What goes wrong with a batch goes wrong
 * for every request in it.
 *
 * @param most items of a batch; only a request that is larger by itself makes a larger one
 */
export function batched<Item, Answer>(work: BatchWork<Item, Answer>, most: number): BatchWork<Item, Answer> {
  let waiting: Request<Item, Answer>[] = []

  function flush(): void {
    const requests = waiting
    waiting = []
    for (const batch of portions(requests, most)) void carryOut(batch, work)
  }

  return (items) => {
    const settle = Promise.withResolvers<Answer[]>()
    if (waiting.push({ items, settle }) === 1) setImmediate(flush)
    return settle.promise
  }
}

function portions<Item, Answer>(requests: readonly Request<Item, Answer>[], most: number): Request<Item, Answer>[][] {
  const batches: Request<Item, Answer>[][] = []
  let room = 0
  for (const request of requests) {
    const batch = batches.at(-1)
    if (batch === undefined || request.items.length > room) {
      batches.push([request])
      room = most - request.items.length
    } else {
      batch.push(request)
      room -= request.items.length
    }
  }
  return batches
}

async function carryOut<Item, Answer>(
  requests: readonly Request<Item, Answer>[],
  work: BatchWork<Item, Answer>,
): Promise<void> {
  try {
    const answers = await work(requests.flatMap(({ items }) => items))
    let next = 0
    for (const { items, settle } of requests) settle.resolve(answers.slice(next, (next += items.length)))
  } catch (error) {
    for (const { settle } of requests) settle.reject(error)
  }
}
