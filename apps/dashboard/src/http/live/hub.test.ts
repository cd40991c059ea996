import { eventually } from '@opifer/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { createLiveHub, type LiveHubSettings } from './hub.ts'

function givenHub(settings: LiveHubSettings = {}) {
  const hub = createLiveHub({ gatherMs: 5, ...settings })
  onTestFinished(() => hub.close())
  return hub
}

/** Reads what a viewer is sent. */
function follow(stream: ReadableStream<Uint8Array> | undefined) {
  const seen = { text: '', ended: false }
  const reader = stream?.getReader()
  void (async () => {
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      seen.text += new TextDecoder().decode(next.value)
    }
    seen.ended = true
  })()
  return { seen, leave: () => reader?.cancel() }
}

test('every viewer is told of every change, and of those that come together at once', async () => {
  const hub = givenHub()
  const viewers = [follow(hub.join()), follow(hub.join())]
  hub.publish({ id: 'run-1', kind: 'began' })
  hub.publish({ id: 'run-1', kind: 'began' })
  hub.publish({ id: 'run-2', kind: 'ended' })
  const changes = [
    { id: 'run-1', kind: 'began' },
    { id: 'run-2', kind: 'ended' },
  ]
  const event = `event: changes\ndata: ${JSON.stringify({ changes, more: false })}\n\n`
  for (const { seen } of viewers) await eventually(() => expect(seen.text).toContain(event))
})

test('a flood is told as a part of it, and that there is more', async () => {
  const hub = givenHub()
  const { seen } = follow(hub.join())
  for (let index = 0; index < 1_000; index++) hub.publish({ id: `run-${index}`, kind: 'began' })
  await eventually(() => expect(seen.text).toContain('"more":true'))
  expect(seen.text.match(/"kind"/g)).toHaveLength(100)
})

test('where nobody knows what changed, it is told that something may have', async () => {
  const hub = givenHub()
  const { seen } = follow(hub.join())
  hub.publishGap()
  await eventually(() => expect(seen.text).toContain('event: changes\ndata: {"changes":[],"more":true}\n\n'))
})

test('who reads slowly holds up nobody, costs no memory, and learns later that something was missed', async () => {
  const hub = givenHub({ gatherMs: 0, heartbeatMs: 20 })
  const stalled = hub.join()
  const { seen } = follow(hub.join())
  for (let index = 0; index < 50; index++) {
    hub.publish({ id: `run-${index}`, kind: 'began' })
    await eventually(() => expect(seen.text).toContain(`"run-${index}"`), { interval: 1 })
  }
  const late = follow(stalled)
  await eventually(() => expect(late.seen.text).toContain('{"changes":[],"more":true}'))
  expect(late.seen.text).not.toContain('"run-49"')
})

test('who missed something learns it with the next change', async () => {
  const hub = givenHub({ gatherMs: 0 })
  const stalled = hub.join()
  const { seen } = follow(hub.join())
  const publish = async (id: string) => {
    hub.publish({ id, kind: 'began' })
    await eventually(() => expect(seen.text).toContain(`"${id}"`), { interval: 1 })
  }
  for (let index = 0; index < 50; index++) await publish(`run-${index}`)
  const late = follow(stalled)
  await eventually(() => expect(late.seen.text).toContain(told('run-0', false)))
  await publish('next')
  await eventually(() => expect(late.seen.text).toContain(told('next', true)))
  await publish('last')
  await eventually(() => expect(late.seen.text).toContain(told('last', false)))
  expect(seen.text).not.toContain('"more":true')
})

test('a connection without changes is kept alive', async () => {
  const { seen } = follow(givenHub({ heartbeatMs: 5 }).join())
  await eventually(() => expect(seen.text).toContain(': still here\n\n'))
})

test('who leaves is forgotten, and makes room where there was none', async () => {
  const hub = givenHub({ maxViewers: 1 })
  const { leave } = follow(hub.join())
  expect(hub.join()).toBeUndefined()
  await leave()
  expect(hub.viewers).toBe(0)
  expect(hub.join()).toBeDefined()
})

test('at the end every stream ends', async () => {
  const hub = givenHub()
  const { seen } = follow(hub.join())
  hub.close()
  await eventually(() => expect(seen.ended).toBe(true))
})

function told(id: string, more: boolean): string {
  return JSON.stringify({ changes: [{ id, kind: 'began' }], more })
}
