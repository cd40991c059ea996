import { expect, test } from 'vitest'
import { makePod, pods, startTestApi, type TestApi } from '../testing/api.ts'

const start = new Date('2026-11-23T08:00:00.000Z')

interface PodApi extends TestApi {
  write: (text: string, container?: string) => void
  end: () => void
  at: (seconds: number) => void
}

async function withPod(spec: object = {}, metadata: object = {}): Promise<PodApi> {
  let time = start
  const api = await startTestApi({ now: () => time })
  const { body } = await api.send('POST', pods, { body: makePod('pod', spec, metadata) })
  return {
    ...api,
    write: (text, container = 'main') => api.cluster.logs.append(body.metadata.uid, container, Buffer.from(text)),
    end: () => api.cluster.logs.end(body.metadata.uid, 'main'),
    at(seconds) {
      time = new Date(start.getTime() + seconds * 1000)
    },
  }
}

const both = { containers: ['a', 'b'].map((name) => ({ name, image: 'busybox' })) }

test.each([
  ['', 'one\ntwo\nthree'],
  ['?container=main', 'one\ntwo\nthree'],
  ['?tailLines=2', 'two\nthree'],
  ['?tailLines=0', ''],
  ['?limitBytes=5', 'one\nt'],
  ['?sinceSeconds=15', 'three'],
  ['?sinceTime=2026-11-23T08:00:20Z', 'three'],
  ['?timestamps=true&tailLines=1', '2026-11-23T08:00:20.000Z three'],
])('a log with %j is %j', async (query, expected) => {
  const { send, write, at } = await withPod()
  write('one\nt')
  at(10)
  write('wo\n')
  at(20)
  write('three')
  const { code, headers, body } = await send('GET', `${pods}/pod/log${query}`)
  expect([code, headers['content-type']]).toEqual([200, 'text/plain'])
  expect(body).toBe(expected)
})

test('a followed log starts before the first line and ends with the container', async () => {
  const { open, write, end } = await withPod()
  write('')
  const stream = await open(`${pods}/pod/log?follow=true&timestamps=true`)
  write('one\ntw')
  write('o\nlast')
  end()
  expect(await stream.text()).toBe(['one', 'two', 'last'].map((line) => `2026-11-23T08:00:00.000Z ${line}`).join('\n'))
})

test('a followed log has a line that was unfinished before', async () => {
  const { open, write, end } = await withPod()
  write('be')
  const stream = await open(`${pods}/pod/log?follow=true`)
  write('gun\n')
  end()
  expect(await stream.text()).toBe('begun')
})

test('a followed log ends at its byte limit', async () => {
  const { open, write } = await withPod()
  write('12')
  const stream = await open(`${pods}/pod/log?follow=true&limitBytes=3`)
  write('345\n')
  expect(await stream.text()).toBe('123')
})

test.each([
  [{}, '', 'waiting to start'],
  [{}, '?follow=true', 'waiting to start'],
  [{}, '?container=other', 'not valid for pod'],
  [{}, '?previous=true', 'previous terminated container'],
  [{}, '?tailLines=-1', 'tailLines'],
  [both, '', 'a container name must be specified for pod pod, choose one of: [a b]'],
])('the log of a pod with %j and the query %j gets 400', async (spec, query, message) => {
  const { send } = await withPod(spec)
  expect(await send('GET', `${pods}/pod/log${query}`)).toMatchObject({
    code: 400,
    body: { message: expect.stringContaining(message) },
  })
})

test('the log of a missing pod gets 404', async () => {
  const { send } = await startTestApi()
  expect(await send('GET', `${pods}/none/log`)).toMatchObject({ code: 404 })
})
