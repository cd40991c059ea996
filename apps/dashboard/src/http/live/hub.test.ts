import { PATIENCE } from '@opifer/testkit'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createLiveHub, type LiveHubSettings } from './hub.ts'

function makeHub(settings: LiveHubSettings = {}) {
  const hub = createLiveHub({ batchMs: 5, ...settings })
  onTestFinished(() => hub.close())
  return hub
}

/** Reads a client's stream. */
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

test('every client receives every change, batched and without duplicates', async () => {
  const hub = makeHub()
  const clients = [follow(hub.join()), follow(hub.join())]
  hub.publish({ id: 'run-1', kind: 'began' })
  hub.publish({ id: 'run-1', kind: 'began' })
  hub.publish({ id: 'run-2', kind: 'ended' })
  const changes = [
    { id: 'run-1', kind: 'began' },
    { id: 'run-2', kind: 'ended' },
  ]
  const event = `event: changes\ndata: ${JSON.stringify({ changes, more: false })}\n\n`
  for (const { seen } of clients) await expect.poll(() => seen.text).toContain(event)
})

test('a burst of changes is cut at 100 and marked as incomplete', async () => {
  const hub = makeHub()
  const { seen } = follow(hub.join())
  for (let index = 0; index < 1_000; index++) hub.publish({ id: `run-${index}`, kind: 'began' })
  await expect.poll(() => seen.text).toContain('"more":true')
  expect(seen.text.match(/"kind"/g)).toHaveLength(100)
})

test('a gap is sent as unknown changes', async () => {
  const hub = makeHub()
  const { seen } = follow(hub.join())
  hub.publishGap()
  await expect.poll(() => seen.text).toContain('event: changes\ndata: {"changes":[],"more":true}\n\n')
})

test('a slow client blocks no other, has a bounded buffer, and later learns of the gap', async () => {
  const hub = makeHub({ batchMs: 0, heartbeatMs: 20 })
  const stalled = hub.join()
  const { seen } = follow(hub.join())
  for (let index = 0; index < 50; index++) {
    hub.publish({ id: `run-${index}`, kind: 'began' })
    await vi.waitFor(() => expect(seen.text).toContain(`"run-${index}"`), { ...PATIENCE, interval: 1 })
  }
  const late = follow(stalled)
  await expect.poll(() => late.seen.text).toContain('{"changes":[],"more":true}')
  expect(late.seen.text).not.toContain('"run-49"')
})

test('a client that missed an event learns of the gap with the next change', async () => {
  const hub = makeHub({ batchMs: 0 })
  const stalled = hub.join()
  const { seen } = follow(hub.join())
  const publish = async (id: string) => {
    hub.publish({ id, kind: 'began' })
    await expect.poll(() => seen.text, { ...PATIENCE, interval: 1 }).toContain(`"${id}"`)
  }
  for (let index = 0; index < 50; index++) await publish(`run-${index}`)
  const late = follow(stalled)
  await vi.waitFor(() => expect(late.seen.text).toContain(changesData('run-0', false)), PATIENCE)
  await publish('next')
  await vi.waitFor(() => expect(late.seen.text).toContain(changesData('next', true)), PATIENCE)
  await publish('last')
  await vi.waitFor(() => expect(late.seen.text).toContain(changesData('last', false)), PATIENCE)
  expect(seen.text).not.toContain('"more":true')
})

test('an idle connection gets heartbeats', async () => {
  const { seen } = follow(makeHub({ heartbeatMs: 5 }).join())
  await expect.poll(() => seen.text).toContain(': heartbeat\n\n')
})

test('a client that leaves makes room for another', async () => {
  const hub = makeHub({ maxClients: 1 })
  const { leave } = follow(hub.join())
  expect(hub.join()).toBeUndefined()
  await leave()
  expect(hub.clients).toBe(0)
  expect(hub.join()).toBeDefined()
})

test('closing the hub ends every stream', async () => {
  const hub = makeHub()
  const { seen } = follow(hub.join())
  hub.close()
  await expect.poll(() => seen.ended).toBe(true)
})

function changesData(id: string, more: boolean): string {
  return JSON.stringify({ changes: [{ id, kind: 'began' }], more })
}
