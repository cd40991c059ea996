import { expect, test } from 'vitest'
import { createAuditLog } from './audit.ts'
import { configMaps, jobs, makeConfigMap, makePod, pods, startTestApi } from './testing/api.ts'

test("the audit log has every request in RBAC's terms and its answer", async () => {
  const { cluster, send, open } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('a'), headers: { 'user-agent': 'test' } })
  await send('GET', `${jobs}/none`)
  await send('GET', '/api/v1/pods?fieldSelector=metadata.name%3Da')
  await open(`${configMaps}?watch=true`)
  await send('POST', pods, { body: makePod('pod') })
  await send('GET', `${pods}/pod/log`)
  await send('GET', '/version')
  await send('GET', configMaps, { token: 'wrong' })
  expect(cluster.audit.entries()).toMatchObject([
    { verb: 'create', resource: 'configmaps', namespace: 'default', code: 201, userAgent: 'test', path: configMaps },
    { verb: 'get', resource: 'jobs', namespace: 'default', name: 'none', code: 404 },
    { verb: 'list', resource: 'pods', name: 'a', code: 200 },
    { verb: 'watch', resource: 'configmaps', namespace: 'default', code: 200 },
    { verb: 'create', resource: 'pods', namespace: 'default', code: 201 },
    { verb: 'get', resource: 'pods', subresource: 'log', namespace: 'default', name: 'pod', code: 400 },
    { verb: 'get', path: '/version', code: 200 },
    { verb: 'list', resource: 'configmaps', code: 401 },
  ])
})

test('the audit log drops the oldest entries beyond its limit', () => {
  const audit = createAuditLog(2)
  for (const path of ['/a', '/b', '/c']) audit.record({ time: '', verb: 'get', path, code: 200, userAgent: '' })
  expect(audit.entries().map(({ path }) => path)).toEqual(['/b', '/c'])
})
