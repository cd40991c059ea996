import { describe, expect, it } from 'vitest'
import { configMaps, jobs, makeConfigMap, makeJob, startTestApi } from './testing.ts'

describe('a request', () => {
  it.each(['', 'wrong'])('with the token %j is answered 401', async (token) => {
    const { send } = await startTestApi()
    expect(await send('GET', configMaps, { token })).toMatchObject({ code: 401, body: { reason: 'Unauthorized' } })
    expect(await send('POST', configMaps, { token, body: makeConfigMap('a') })).toMatchObject({ code: 401 })
    expect(await send('GET', '/devcluster/audit', { token })).toMatchObject({ code: 401 })
  })

  it.each(['/healthz', '/livez', '/readyz'])('for %s needs no token', async (path) => {
    const { send } = await startTestApi()
    expect(await send('GET', path, { token: '' })).toMatchObject({ code: 200, body: 'ok' })
  })

  it.each([
    '/',
    '/api/v1/secrets',
    '/api/v2/configmaps',
    '/apis/apps/v1/deployments',
    '/apis/batch/v1/namespaces/default/pods',
    `${configMaps}/a/status`,
    `${configMaps}/a/b/c/d`,
    '/api/v1/configmaps/a',
    '/api/v1/namespaces/%zz/configmaps',
    '/openapi/v1',
  ])('for %s is answered 404', async (path) => {
    const { send } = await startTestApi()
    expect(await send('GET', path)).toMatchObject({ code: 404, body: { kind: 'Status', reason: 'NotFound' } })
  })

  it.each([
    ['POST', `${jobs}/a/status`],
    ['DELETE', '/api/v1/namespaces'],
    ['POST', '/api/v1/configmaps'],
    ['DELETE', '/api/v1/configmaps'],
    ['POST', '/version'],
  ])('with %s on %s is answered 405', async (method, path) => {
    const { send } = await startTestApi()
    expect(await send(method, path)).toMatchObject({ code: 405, body: { reason: 'MethodNotAllowed' } })
  })

  it('that accepts no JSON is answered 406', async () => {
    const { send } = await startTestApi()
    const headers = { accept: 'application/vnd.kubernetes.protobuf' }
    expect(await send('GET', configMaps, { headers })).toMatchObject({ code: 406, body: { reason: 'NotAcceptable' } })
  })

  it.each([
    ['{', 'application/json', 400],
    ['[]', 'application/json', 400],
    ['{}', 'text/plain', 415],
    ['k8s\0', 'application/vnd.kubernetes.protobuf', 415],
    [Buffer.from('k8s\0\xff', 'latin1'), 'application/vnd.kubernetes.protobuf', 400],
    ['a: [', 'application/yaml', 400],
  ])('with the body %j as %s is answered %d', async (body, contentType, code) => {
    const { send } = await startTestApi()
    expect(await send('POST', configMaps, { body, headers: { 'content-type': contentType } })).toMatchObject({ code })
  })

  it('takes YAML', async () => {
    const { send } = await startTestApi()
    const headers = { 'content-type': 'application/yaml' }
    expect(await send('POST', configMaps, { body: 'metadata:\n  name: a\n', headers })).toMatchObject({ code: 201 })
  })

  it('with a body of more than 3 MiB is answered 413', async () => {
    const { send } = await startTestApi()
    const body = makeConfigMap('a', { big: 'x'.repeat(3 * 1024 * 1024) })
    expect(await send('POST', configMaps, { body })).toMatchObject({
      code: 413,
      body: { reason: 'RequestEntityTooLarge' },
    })
  })

  it('that is more than etcd takes is answered as the API server hands that on', async () => {
    const { send } = await startTestApi()
    const env = [{ name: 'BIG', value: 'x'.repeat(1.6 * 1024 * 1024) }]
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', env }] } }
    const reply = await send('POST', jobs, { body: makeJob('a', { template }) })
    expect(reply).toMatchObject({ code: 500, body: { message: 'etcdserver: request is too large' } })
  })
})
