import { expect, test } from 'vitest'
import { configMaps, jobs, makeConfigMap, startTestApi, type TestApi } from '../testing/api.ts'

const names = (items: { metadata: { name: string } }[]): string[] => items.map(({ metadata }) => metadata.name)

async function withConfigMaps(...wanted: string[]): Promise<TestApi> {
  const api = await startTestApi()
  for (const name of wanted) {
    await api.send('POST', configMaps, { body: makeConfigMap(name, {}, { labels: { name } }) })
  }
  return api
}

test('get answers 404 with a Status if the object does not exist', async () => {
  const { send } = await startTestApi()
  const details = { name: 'none', group: 'batch', kind: 'jobs' }
  expect(await send('GET', `${jobs}/none`)).toMatchObject({
    code: 404,
    body: { kind: 'Status', reason: 'NotFound', message: 'jobs.batch "none" not found', details, code: 404 },
  })
})

test('list answers the objects of a namespace or of all, with the version of the list', async () => {
  const { cluster, send } = await withConfigMaps('b', 'a')
  await send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'other' } } })
  await send('POST', '/api/v1/namespaces/other/configmaps', { body: makeConfigMap('c') })
  const one = await send('GET', configMaps)
  expect(one.body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' })
  expect(one.body.metadata.resourceVersion).toBe(String(cluster.store.resourceVersion))
  expect(names(one.body.items)).toEqual(['a', 'b'])
  expect(names((await send('GET', '/api/v1/configmaps')).body.items)).toEqual(['a', 'b', 'c'])
})

test('list selects by labels and by fields', async () => {
  const { send } = await withConfigMaps('a', 'b', 'c')
  expect(names((await send('GET', `${configMaps}?labelSelector=name+in+(a,b)`)).body.items)).toEqual(['a', 'b'])
  expect(names((await send('GET', `${configMaps}?fieldSelector=metadata.name%3Dc`)).body.items)).toEqual(['c'])
})

test.each(['labelSelector=a+in', 'fieldSelector=data.x%3D1', 'limit=-1', 'resourceVersion=x'])(
  'list refuses %s with 400',
  async (query) => {
    const { send } = await startTestApi()
    expect(await send('GET', `${configMaps}?${query}`)).toMatchObject({ code: 400, body: { reason: 'BadRequest' } })
  },
)

test('the pages of a list show one state, whatever changes between them', async () => {
  const { send } = await withConfigMaps('a', 'b', 'c')
  const first = await send('GET', `${configMaps}?limit=2`)
  expect(names(first.body.items)).toEqual(['a', 'b'])
  expect(first.body.metadata).toMatchObject({ remainingItemCount: 1 })
  await send('DELETE', `${configMaps}/c`)
  const { continue: token } = first.body.metadata as unknown as { continue: string }
  const second = await send('GET', `${configMaps}?limit=2&continue=${token}`)
  expect(names(second.body.items)).toEqual(['c'])
  expect(second.body.metadata).toEqual({ resourceVersion: first.body.metadata.resourceVersion })
})

test('a paged list gets 410 once the history is expired', async () => {
  const { cluster, send } = await withConfigMaps('a', 'b')
  const { body } = await send('GET', `${configMaps}?limit=1`)
  const { continue: token } = body.metadata as unknown as { continue: string }
  await send('POST', configMaps, { body: makeConfigMap('c') })
  cluster.faults.expireHistory()
  const reply = await send('GET', `${configMaps}?limit=1&continue=${token}`)
  expect(reply).toMatchObject({ code: 410, body: { reason: 'Expired' } })
})

test('a list at a future version gets 504', async () => {
  const { send } = await withConfigMaps('a')
  const { code, headers, body } = await send('GET', `${configMaps}?resourceVersion=999`)
  expect([code, headers['retry-after'], body.reason]).toEqual([504, '1', 'Timeout'])
})
