import { expect, test } from 'vitest'
import { makePod, pods, startTestApi } from '../testing/api.ts'

async function withPod(spec: object = {}) {
  const api = await startTestApi()
  const { body } = await api.send('POST', pods, { body: makePod('pod', spec) })
  const { uid } = body.metadata
  return {
    ...api,
    write: (text: string) => api.cluster.logs.append(uid, 'main', Buffer.from(text)),
    end: () => api.cluster.logs.end(uid, 'main'),
  }
}

test.each([
  ['', 'one\n\ntwo\nthree'],
  ['?container=main', 'one\n\ntwo\nthree'],
  ['?tailLines=2', 'two\nthree'],
  ['?tailLines=3', '\ntwo\nthree'],
  ['?tailLines=9', 'one\n\ntwo\nthree'],
  ['?tailLines=0', ''],
  ['?limitBytes=6', 'one\n\nt'],
])('a log with %j is %j', async (query, expected) => {
  const { send, write } = await withPod()
  for (const text of ['one\n\nt', 'wo\n', 'three']) write(text)
  const { code, headers, body } = await send('GET', `${pods}/pod/log${query}`)
  expect([code, headers['content-type'], body]).toEqual([200, 'text/plain', expected])
})

test('the tail of a log that ends with a newline has whole lines', async () => {
  const { send, write } = await withPod()
  write('\none\ntwo\n')
  expect((await send('GET', `${pods}/pod/log?tailLines=1`)).body).toBe('two\n')
  expect((await send('GET', `${pods}/pod/log?tailLines=3`)).body).toBe('\none\ntwo\n')
})

test('a followed log has the past and ends with its container', async () => {
  const { open, write, end } = await withPod()
  write('be')
  const stream = await open(`${pods}/pod/log?follow=true`)
  write('gun\n')
  write('last')
  end()
  expect(await stream.text()).toBe('begun\nlast')
})

test('a followed log ends at its byte limit', async () => {
  const { open, write } = await withPod()
  write('12')
  const stream = await open(`${pods}/pod/log?follow=true&limitBytes=3`)
  write('345\n')
  expect(await stream.text()).toBe('123')
})

const both = { containers: ['a', 'b'].map((name) => ({ name, image: 'busybox' })) }

test.each([
  [{}, '', 'waiting to start'],
  [{}, '?container=other', 'not valid for pod'],
  [{}, '?previous=true', 'does not support previous'],
  [{}, '?tailLines=-1', 'tailLines'],
  [both, '', 'a container name must be specified for pod pod, choose one of: [a b]'],
])('the log of a pod with %j and the query %j gets 400', async (spec, query, message) => {
  const { send } = await withPod(spec)
  const body = { message: expect.stringContaining(message) }
  expect(await send('GET', `${pods}/pod/log${query}`)).toMatchObject({ code: 400, body })
})
