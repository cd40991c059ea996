import { describe, expect, it } from 'vitest'
import { configMaps, jobs, makeConfigMap, makeJob, makePod, pods, startTestApi, type TestApi } from './testing.ts'

const names = (items: { metadata: { name: string } }[]): string[] => items.map(({ metadata }) => metadata.name)

const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }

async function withConfigMaps(...wanted: string[]): Promise<TestApi> {
  const api = await startTestApi()
  for (const name of wanted) {
    await api.send('POST', configMaps, { body: makeConfigMap(name, {}, { labels: { name } }) })
  }
  return api
}

describe('get', () => {
  it('answers the object', async () => {
    const { send } = await withConfigMaps('a')
    const { code, headers, body } = await send('GET', `${configMaps}/a`)
    expect(code).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    expect(body).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } })
  })

  it('answers 404 with the reason NotFound when there is none', async () => {
    const { send } = await startTestApi()
    expect(await send('GET', `${jobs}/none`)).toMatchObject({
      code: 404,
      body: {
        kind: 'Status',
        status: 'Failure',
        reason: 'NotFound',
        message: 'jobs.batch "none" not found',
        details: { name: 'none', group: 'batch', kind: 'jobs' },
        code: 404,
      },
    })
  })

  it('finds the namespaces that every cluster has', async () => {
    const { send } = await startTestApi()
    const { body } = await send('GET', '/api/v1/namespaces')
    expect(names(body.items)).toEqual(['default', 'kube-system'])
  })
})

describe('list', () => {
  it('answers the objects of a namespace, or of all, with the version of the list', async () => {
    const { cluster, send } = await withConfigMaps('b', 'a')
    await send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'other' } } })
    await send('POST', '/api/v1/namespaces/other/configmaps', { body: makeConfigMap('c') })
    const one = await send('GET', configMaps)
    expect(one.body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' })
    expect(one.body.metadata.resourceVersion).toBe(String(cluster.store.resourceVersion))
    expect(names(one.body.items)).toEqual(['a', 'b'])
    expect(names((await send('GET', '/api/v1/configmaps')).body.items)).toEqual(['a', 'b', 'c'])
  })

  it('chooses by labels and by fields', async () => {
    const { send } = await withConfigMaps('a', 'b', 'c')
    expect(names((await send('GET', `${configMaps}?labelSelector=name+in+(a,b)`)).body.items)).toEqual(['a', 'b'])
    expect(names((await send('GET', `${configMaps}?fieldSelector=metadata.name%3Dc`)).body.items)).toEqual(['c'])
  })

  it.each(['labelSelector=a+in', 'fieldSelector=data.x%3D1', 'limit=-1', 'resourceVersion=x'])(
    'refuses %s with 400',
    async (query) => {
      const { send } = await startTestApi()
      expect(await send('GET', `${configMaps}?${query}`)).toMatchObject({ code: 400, body: { reason: 'BadRequest' } })
    },
  )

  it('gives pages of one state, whatever changes meanwhile', async () => {
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

  it('answers 410 to who continues a list that history no longer holds', async () => {
    const { cluster, send } = await withConfigMaps('a', 'b')
    const { body } = await send('GET', `${configMaps}?limit=1`)
    const { continue: token } = body.metadata as unknown as { continue: string }
    await send('POST', configMaps, { body: makeConfigMap('c') })
    cluster.faults.expireHistory()
    expect(await send('GET', `${configMaps}?limit=1&continue=${token}`)).toMatchObject({
      code: 410,
      body: { reason: 'Expired' },
    })
    expect(await send('GET', `${configMaps}?continue=nonsense`)).toMatchObject({ code: 410 })
  })

  it('answers 410 to an exact version that is past, and 504 to one that is yet to come', async () => {
    const { send } = await withConfigMaps('a')
    expect(await send('GET', `${configMaps}?resourceVersion=1&resourceVersionMatch=Exact`)).toMatchObject({ code: 410 })
    const { code, headers, body } = await send('GET', `${configMaps}?resourceVersion=999`)
    expect({ code, retryAfter: headers['retry-after'], reason: body.reason }).toEqual({
      code: 504,
      retryAfter: '1',
      reason: 'Timeout',
    })
    expect(await send('GET', `${configMaps}?resourceVersion=1`)).toMatchObject({ code: 200 })
  })
})

describe('a table', () => {
  it.each([
    ['/api/v1/namespaces', ['Name', 'Status', 'Age'], ['default', 'Active', '0s']],
    [configMaps, ['Name', 'Data', 'Age'], ['cm', 1, '0s']],
    [jobs, ['Name', 'Status', 'Completions', 'Duration', 'Age'], ['job', 'Running', '0/1', '', '0s']],
    [pods, ['Name', 'Ready', 'Status', 'Restarts', 'Age'], ['pod', '0/1', 'Pending', '0', '0s']],
  ])('of %s has the columns of kubectl get', async (path, columns, cells) => {
    const { send } = await startTestApi({ now: () => new Date('2026-11-23T08:00:00Z') })
    await send('POST', configMaps, { body: makeConfigMap('cm', { key: 'value' }) })
    await send('POST', jobs, { body: makeJob('job') })
    await send('POST', pods, { body: makePod('pod') })
    const { body } = await send('GET', path, { headers: table })
    const { columnDefinitions, rows } = body as unknown as {
      columnDefinitions: { name: string; priority: number }[]
      rows: { cells: unknown[]; object: { kind: string } }[]
    }
    const shown = columnDefinitions.filter(({ priority }) => priority === 0)
    expect(body.kind).toBe('Table')
    expect(shown.map(({ name }) => name)).toEqual(columns)
    expect(rows[0]?.cells.slice(0, shown.length)).toEqual(cells)
    expect(rows[0]?.object.kind).toBe('PartialObjectMetadata')
  })

  it('of one object has one row, and the object itself when that is asked for', async () => {
    const { send } = await withConfigMaps('a')
    const { body } = await send('GET', `${configMaps}/a?includeObject=Object`, { headers: table })
    expect(body).toMatchObject({ kind: 'Table', rows: [{ object: { kind: 'ConfigMap' } }] })
    const { body: bare } = await send('GET', `${configMaps}/a?includeObject=None`, { headers: table })
    expect(bare).toMatchObject({ rows: [{ object: null }] })
  })

  it('is not made of an error', async () => {
    const { send } = await startTestApi()
    expect((await send('GET', `${configMaps}/none`, { headers: table })).body.kind).toBe('Status')
  })
})

describe('discovery', () => {
  it.each([
    ['/api', { kind: 'APIVersions', versions: ['v1'] }],
    ['/apis', { kind: 'APIGroupList', groups: [{ name: 'batch' }] }],
    ['/apis/batch', { kind: 'APIGroup', preferredVersion: { groupVersion: 'batch/v1' } }],
    ['/version', { major: '1' }],
    ['/openapi/v3', { paths: { 'api/v1': {}, 'apis/batch/v1': {} } }],
    ['/openapi/v3/apis/batch/v1', { openapi: '3.0.0' }],
  ])('answers %s', async (path, expected) => {
    const { send } = await startTestApi()
    expect(await send('GET', path)).toMatchObject({ code: 200, body: expected })
  })

  it('lists the resources of a group with their verbs', async () => {
    const { send } = await startTestApi()
    const { body } = await send('GET', '/apis/batch/v1')
    const { resources } = body as unknown as { resources: { name: string; verbs: string[] }[] }
    expect(resources.map(({ name }) => name)).toEqual(['jobs', 'jobs/status'])
    expect(resources[0]?.verbs.sort()).toEqual([
      'create',
      'delete',
      'deletecollection',
      'get',
      'list',
      'patch',
      'update',
      'watch',
    ])
    expect(resources[1]?.verbs.sort()).toEqual(['get', 'patch', 'update'])
  })

  it('tells kubectl that PATCH of every kind checks unknown fields', async () => {
    const { send } = await startTestApi()
    const { body } = await send('GET', '/openapi/v3/api/v1')
    for (const path of Object.values(body.paths as Record<string, object>)) {
      expect(path).toMatchObject({
        patch: { parameters: expect.arrayContaining([expect.objectContaining({ name: 'fieldValidation' })]) },
      })
    }
  })
})
