import { expect, test } from 'vitest'
import { configMaps, jobs, makeConfigMap, makeJob, makePod, pods, startTestApi } from '../testing/api.ts'

const mergePatch = { 'content-type': 'application/merge-patch+json' }

test('create answers 201 with the stored object', async () => {
  const { send } = await startTestApi()
  const { code, body } = await send('POST', configMaps, { body: makeConfigMap('a', { key: 'value' }) })
  expect(code).toBe(201)
  expect(body).toEqual((await send('GET', `${configMaps}/a`)).body)
  expect(body.metadata.uid).not.toBe('')
})

test('create answers 409 AlreadyExists if the name is taken', async () => {
  const { send } = await startTestApi()
  await send('POST', jobs, { body: makeJob('a') })
  expect(await send('POST', jobs, { body: makeJob('a') })).toMatchObject({
    code: 409,
    body: { reason: 'AlreadyExists', message: 'jobs.batch "a" already exists', details: { name: 'a', kind: 'jobs' } },
  })
})

test('create answers 404 if the namespace does not exist', async () => {
  const { send } = await startTestApi()
  const reply = await send('POST', '/api/v1/namespaces/none/configmaps', { body: makeConfigMap('a') })
  expect(reply).toMatchObject({ code: 404, body: { message: 'namespaces "none" not found' } })
})

test.each([
  [{ kind: 'Secret' }, 'cannot be handled as a ConfigMap'],
  [{ apiVersion: 'v2' }, 'does not match the expected API version'],
  [{ metadata: { name: 'a', namespace: 'other' } }, 'namespace of the provided object does not match'],
  [{ metadata: { name: 'a', resourceVersion: '1' } }, 'resourceVersion should not be set'],
  [{ data: { number: 1 } }, 'cannot unmarshal number into Go struct field data[number] of type string'],
])('create answers 400 to a ConfigMap with %j', async (change, message) => {
  const { send } = await startTestApi()
  const reply = await send('POST', configMaps, { body: { ...makeConfigMap('a'), ...change } })
  expect(reply).toMatchObject({ code: 400, body: { reason: 'BadRequest', message: expect.stringContaining(message) } })
})

test('create answers 422 with all errors of an invalid Job as causes', async () => {
  const { send } = await startTestApi()
  const body = makeJob('a', { backoffLimit: -1, template: { spec: { restartPolicy: 'Never' } } })
  const reply = await send('POST', jobs, { body })
  expect(reply).toMatchObject({ code: 422, body: { reason: 'Invalid', details: { name: 'a', kind: 'Job' } } })
  expect(reply.body.message).toMatch(/^Job\.batch "a" is invalid: \[.*spec\.template\.spec\.containers: Required value/)
  expect((reply.body as unknown as { details: object }).details).toMatchObject({
    causes: [
      { reason: 'FieldValueRequired', field: 'spec.template.spec.containers' },
      { reason: 'FieldValueInvalid', field: 'spec.backoffLimit' },
    ],
  })
})

test('create adds the defaults and labels of the API server to a Job', async () => {
  const { send } = await startTestApi()
  const { body } = await send('POST', jobs, { body: makeJob('a') })
  const { uid } = body.metadata
  expect(body).toMatchObject({
    metadata: { generation: 1 },
    spec: {
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      completions: 1,
      parallelism: 1,
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      template: {
        metadata: { labels: { 'batch.kubernetes.io/job-name': 'a', 'controller-uid': uid, 'job-name': 'a' } },
        spec: { terminationGracePeriodSeconds: 30 },
      },
    },
    status: {},
  })
})

test('update stores a changed object under a new version, and nothing without a change', async () => {
  const { send } = await startTestApi()
  const { body: created } = await send('POST', configMaps, { body: makeConfigMap('a', { key: 'old' }) })
  const { body: updated } = await send('PUT', `${configMaps}/a`, { body: { ...created, data: { key: 'new' } } })
  expect(updated).toMatchObject({ data: { key: 'new' }, metadata: { uid: created.metadata.uid } })
  const { body: same } = await send('PUT', `${configMaps}/a`, { body: updated })
  expect(same.metadata.resourceVersion).toBe(updated.metadata.resourceVersion)
})

test('update answers 409 Conflict to an outdated version', async () => {
  const { send } = await startTestApi()
  const { body: created } = await send('POST', configMaps, { body: makeConfigMap('a') })
  await send('PUT', `${configMaps}/a`, { body: { ...created, data: { key: 'first' } } })
  const reply = await send('PUT', `${configMaps}/a`, { body: { ...created, data: { key: 'second' } } })
  expect(reply).toMatchObject({ code: 409, body: { reason: 'Conflict' } })
})

test.each([
  [{ metadata: { name: 'b' } }, 400],
  [{ metadata: { name: 'a', uid: 'another' } }, 409],
  [{ metadata: { name: 'a' }, data: { '..': '' } }, 422],
])('update refuses %j with %d', async (body, code) => {
  const { send } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('a') })
  expect(await send('PUT', `${configMaps}/a`, { body })).toMatchObject({ code })
})

test('a client changes the spec of a Job, which counts a generation, but not its template or status', async () => {
  const { send } = await startTestApi()
  await send('POST', jobs, { body: makeJob('a') })
  const patch = (body: object) => send('PATCH', `${jobs}/a`, { body, headers: mergePatch })
  const { body } = await patch({ spec: { suspend: true }, status: { active: 1 } })
  expect(body).toMatchObject({ metadata: { generation: 2 }, spec: { suspend: true }, status: {} })
  expect(body['status']).toEqual({})
  expect(await patch({ spec: { template: { spec: { restartPolicy: 'OnFailure' } } } })).toMatchObject({ code: 422 })
})

test.each([
  ['application/merge-patch+json', { data: { key: 'new' } }, 200],
  ['application/strategic-merge-patch+json', { data: { key: 'new' } }, 200],
  ['application/json', {}, 415],
  ['application/merge-patch+json', [], 400],
  ['application/merge-patch+json', { metadata: { resourceVersion: '1' } }, 409],
  ['application/merge-patch+json', { data: { key: 1 } }, 400],
])('a patch as %s of %j gets %d', async (contentType, body, code) => {
  const { send } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('a', { key: 'old' }) })
  const headers = { 'content-type': contentType }
  expect(await send('PATCH', `${configMaps}/a`, { body, headers })).toMatchObject({ code })
})

test('delete answers a Status with what was deleted', async () => {
  const { send } = await startTestApi()
  const { body: job } = await send('POST', jobs, { body: makeJob('a') })
  const details = { name: 'a', group: 'batch', kind: 'jobs', uid: job.metadata.uid }
  expect(await send('DELETE', `${jobs}/a?propagationPolicy=Background`)).toMatchObject({
    code: 200,
    body: { kind: 'Status', status: 'Success', details },
  })
  expect(await send('DELETE', `${jobs}/a`)).toMatchObject({ code: 404 })
})

test('delete answers 409 if a precondition fails, and deletes nothing', async () => {
  const { send } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('a') })
  for (const preconditions of [{ uid: 'another' }, { resourceVersion: '1' }]) {
    expect(await send('DELETE', `${configMaps}/a`, { body: { preconditions } })).toMatchObject({ code: 409 })
  }
  expect(await send('GET', `${configMaps}/a`)).toMatchObject({ code: 200 })
})

test.each([
  ['Orphan', []],
  ['Background', ['owner']],
  ['', []],
])('deletion of a Job with propagation %j leaves its pods the owners %j', async (policy, owners) => {
  const { send } = await startTestApi()
  const { body: job } = await send('POST', jobs, { body: makeJob('owner') })
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'owner', uid: job.metadata.uid }]
  await send('POST', pods, { body: makePod('pod', {}, { ownerReferences }) })
  await send('DELETE', `${jobs}/owner${policy && `?propagationPolicy=${policy}`}`)
  const { body: pod } = await send('GET', `${pods}/pod`)
  expect((pod.metadata.ownerReferences ?? []).map(({ name }) => name)).toEqual(owners)
})

test('deletion of a namespace deletes its objects, but the first namespaces stay', async () => {
  const { send } = await startTestApi()
  await send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'other' } } })
  await send('POST', '/api/v1/namespaces/other/configmaps', { body: makeConfigMap('a') })
  expect(await send('DELETE', '/api/v1/namespaces/other')).toMatchObject({ code: 200 })
  expect((await send('GET', '/api/v1/configmaps')).body.items).toEqual([])
  expect(await send('DELETE', '/api/v1/namespaces/default')).toMatchObject({ code: 403 })
})

test('a dry run is refused and changes nothing', async () => {
  const { cluster, send } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('a') })
  const before = cluster.store.resourceVersion
  expect(await send('POST', `${jobs}?dryRun=All`, { body: makeJob('a') })).toMatchObject({ code: 400 })
  expect(await send('DELETE', `${configMaps}/a?dryRun=All`)).toMatchObject({ code: 400 })
  expect(await send('DELETE', `${configMaps}/a`, { body: { dryRun: ['All'] } })).toMatchObject({ code: 400 })
  expect(cluster.store.resourceVersion).toBe(before)
})
