/** Does some work for many items at once. Answers are in the order of the items. */
export type BatchWork<Item, Answer> = (items: readonly Item[]) => Promise<Answer[]>

interface Request<Item, Answer> {
  items: readonly Item[]
  settle: PromiseWithResolvers<Answer[]>
}

/**
 * Batches calls made in the same tick of the event loop, so many small requests cost little more than a large one. Adds no
 * delay: under light load each request is its own batch. An error of a batch fails every request in it.
 *
 * @param max items of a batch; only a single request with more items makes a larger one
 */
export function batched<Item, Answer>(work: BatchWork<Item, Answer>, max: number): BatchWork<Item, Answer> {
  let waiting: Request<Item, Answer>[] = []

  function flush(): void {
    const requests = waiting
    waiting = []
    for (const batch of portions(requests, max)) void carryOut(batch, work)
  }

  return (items) => {
    const settle = Promise.withResolvers<Answer[]>()
    if (waiting.push({ items, settle }) === 1) setImmediate(flush)
    return settle.promise
  }
}

function portions<Item, Answer>(requests: readonly Request<Item, Answer>[], max: number): Request<Item, Answer>[][] {
  const batches: Request<Item, Answer>[][] = []
  let room = 0
  for (const request of requests) {
    const batch = batches.at(-1)
    if (batch === undefined || request.items.length > room) {
      batches.push([request])
      room = max - request.items.length
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
