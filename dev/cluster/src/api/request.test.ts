import { expect, test } from 'vitest'
import { configMaps, makeConfigMap, startTestApi } from '../testing/api.ts'

test.each(['', 'wrong'])('a request with the token %j gets 401', async (token) => {
  const { send } = await startTestApi()
  expect(await send('GET', configMaps, { token })).toMatchObject({ code: 401, body: { reason: 'Unauthorized' } })
})

test('a health check needs no token', async () => {
  const { send } = await startTestApi()
  expect(await send('GET', '/readyz', { token: '' })).toMatchObject({ code: 200, body: 'ok' })
})

test.each([
  ['GET', '/', 404],
  ['GET', '/api/v1/secrets', 404],
  ['GET', '/apis/apps/v1/deployments', 404],
  ['GET', '/apis/batch/v1/namespaces/default/pods', 404],
  ['GET', `${configMaps}/a/b/c/d`, 404],
  ['GET', '/api/v1/configmaps/a', 404],
  ['GET', '/api/v1/namespaces/%zz/configmaps', 404],
  ['DELETE', configMaps, 405],
  ['POST', '/api/v1/configmaps', 405],
  ['POST', '/version', 405],
])('%s %s gets %d with a Status', async (method, path, code) => {
  const { send } = await startTestApi()
  expect(await send(method, path)).toMatchObject({ code, body: { kind: 'Status' } })
})

test('a client that accepts no JSON gets 406', async () => {
  const { send } = await startTestApi()
  const headers = { accept: 'application/vnd.kubernetes.protobuf' }
  expect(await send('GET', configMaps, { headers })).toMatchObject({ code: 406, body: { reason: 'NotAcceptable' } })
})

test.each([
  ['{', 'application/json', 400],
  ['[]', 'application/json', 400],
  ['{}', 'text/plain', 415],
  ['a: [', 'application/yaml', 400],
  ['metadata:\n  name: a\n', 'application/yaml', 201],
])('the body %j as %s gets %d', async (body, contentType, code) => {
  const { send } = await startTestApi()
  expect(await send('POST', configMaps, { body, headers: { 'content-type': contentType } })).toMatchObject({ code })
})

test('a body above 3 MiB gets 413', async () => {
  const { send } = await startTestApi()
  const body = makeConfigMap('a', { big: 'x'.repeat(3 * 1024 * 1024) })
  expect(await send('POST', configMaps, { body })).toMatchObject({ code: 413 })
})

test('discovery lists the resources with their verbs', async () => {
  const { send } = await startTestApi()
  const { body } = await send('GET', '/apis/batch/v1')
  const verbs = expect.arrayContaining(['create', 'delete', 'get', 'list', 'patch', 'watch'])
  expect(body).toMatchObject({ resources: [{ name: 'jobs', kind: 'Job', verbs }] })
})
