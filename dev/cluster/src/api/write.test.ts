import { describe, expect, it } from 'vitest'
import { configMaps, jobs, makeConfigMap, makeJob, makePod, pods, startTestApi } from './testing.ts'

describe('create', () => {
  it('answers 201 with the object, as it is stored', async () => {
    const { send } = await startTestApi()
    const { code, body } = await send('POST', configMaps, { body: makeConfigMap('a', { key: 'value' }) })
    expect(code).toBe(201)
    expect(body).toEqual((await send('GET', `${configMaps}/a`)).body)
    expect(body.metadata.uid).not.toBe('')
  })

  it('answers 409 AlreadyExists when the name is taken', async () => {
    const { send } = await startTestApi()
    await send('POST', jobs, { body: makeJob('a') })
    expect(await send('POST', jobs, { body: makeJob('a') })).toMatchObject({
      code: 409,
      body: { reason: 'AlreadyExists', message: 'jobs.batch "a" already exists', details: { name: 'a', kind: 'jobs' } },
    })
  })

  it('answers 404 when the namespace is missing', async () => {
    const { send } = await startTestApi()
    const reply = await send('POST', '/api/v1/namespaces/none/configmaps', { body: makeConfigMap('a') })
    expect(reply).toMatchObject({ code: 404, body: { message: 'namespaces "none" not found' } })
  })

  it('makes a name from a prefix, shortened to fit', async () => {
    const { send } = await startTestApi()
    const { body } = await send('POST', jobs, { body: makeJob('', {}, { generateName: `${'a'.repeat(70)}-` }) })
    expect(body.metadata.name).toMatch(/^a{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  })

  it('stores nothing on a dry run, but checks all', async () => {
    const { cluster, send } = await startTestApi()
    const before = cluster.store.resourceVersion
    expect(await send('POST', `${jobs}?dryRun=All`, { body: makeJob('a') })).toMatchObject({
      code: 201,
      body: { spec: { backoffLimit: 6 } },
    })
    expect(await send('POST', `${jobs}?dryRun=All`, { body: makeJob('A') })).toMatchObject({ code: 422 })
    expect(await send('POST', `${jobs}?dryRun=Some`, { body: makeJob('a') })).toMatchObject({ code: 400 })
    expect(cluster.store.resourceVersion).toBe(before)
  })

  it('refuses unknown fields when strict, warns of them otherwise, and drops them', async () => {
    const { send } = await startTestApi()
    const body = makeJob('a', { backofLimit: 3 })
    expect(await send('POST', `${jobs}?fieldValidation=Strict`, { body })).toMatchObject({
      code: 400,
      body: { message: expect.stringContaining('unknown field "spec.backofLimit"') },
    })
    const warned = await send('POST', jobs, { body })
    expect(warned.headers['warning']).toBe(String.raw`299 - "unknown field \"spec.backofLimit\""`)
    expect(warned.body.spec).not.toHaveProperty('backofLimit')
    const ignored = await send('POST', `${jobs}?fieldValidation=Ignore`, { body: makeJob('b', { backofLimit: 3 }) })
    expect([ignored.code, ignored.headers['warning']]).toEqual([201, undefined])
  })

  it.each([
    [{ kind: 'Secret' }, 'cannot be handled as a ConfigMap'],
    [{ apiVersion: 'v2' }, 'does not match the expected API version'],
    [{ metadata: { name: 'a', namespace: 'other' } }, 'namespace of the provided object does not match'],
    [{ metadata: { name: 'a', resourceVersion: '1' } }, 'resourceVersion should not be set'],
    [{ data: { number: 1 } }, 'cannot unmarshal number'],
  ])('answers 400 to %j', async (change, message) => {
    const { send } = await startTestApi()
    const reply = await send('POST', configMaps, { body: { ...makeConfigMap('a'), ...change } })
    expect(reply).toMatchObject({
      code: 400,
      body: { reason: 'BadRequest', message: expect.stringContaining(message) },
    })
  })

  it('answers 422 with every fault as a cause', async () => {
    const { send } = await startTestApi()
    const reply = await send('POST', jobs, {
      body: makeJob('a', { backoffLimit: -1, template: { spec: { restartPolicy: 'Never' } } }),
    })
    expect(reply).toMatchObject({
      code: 422,
      body: {
        reason: 'Invalid',
        message: expect.stringMatching(
          /^Job\.batch "a" is invalid: \[spec\.backoffLimit: .*, spec\.template\.spec\.containers: Required value\]$/,
        ),
        details: {
          name: 'a',
          kind: 'Job',
          causes: [
            { reason: 'FieldValueInvalid', field: 'spec.backoffLimit' },
            { reason: 'FieldValueRequired', field: 'spec.template.spec.containers' },
          ],
        },
      },
    })
  })

  it('gives a Job what the API server would', async () => {
    const { send } = await startTestApi()
    const { body } = await send('POST', jobs, { body: makeJob('a') })
    const labels = {
      'batch.kubernetes.io/controller-uid': body.metadata.uid,
      'batch.kubernetes.io/job-name': 'a',
      'controller-uid': body.metadata.uid,
      'job-name': 'a',
    }
    expect(body).toMatchObject({
      metadata: { generation: 1 },
      spec: {
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        completions: 1,
        parallelism: 1,
        suspend: false,
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': body.metadata.uid } },
        template: {
          metadata: { labels },
          spec: {
            dnsPolicy: 'ClusterFirst',
            terminationGracePeriodSeconds: 30,
            containers: [{ imagePullPolicy: 'Always', terminationMessagePath: '/dev/termination-log' }],
          },
        },
      },
      status: {},
    })
  })

  it.each([
    ['busybox', 'Always'],
    ['busybox:latest', 'Always'],
    ['busybox:1.36', 'IfNotPresent'],
    ['registry:5000/busybox', 'Always'],
    ['registry:5000/busybox:1.36', 'IfNotPresent'],
    ['busybox@sha256:0123', 'IfNotPresent'],
  ])('pulls %s %s', async (image, policy) => {
    const { send } = await startTestApi()
    const { body } = await send('POST', pods, { body: makePod('a', { containers: [{ name: 'main', image }] }) })
    expect(body.spec).toMatchObject({ containers: [{ imagePullPolicy: policy }] })
  })

  it('leaves the completions of a work queue open', async () => {
    const { send } = await startTestApi()
    const { body } = await send('POST', jobs, { body: makeJob('a', { parallelism: 3 }) })
    expect(body.spec).not.toHaveProperty('completions')
  })
})

describe('update', () => {
  it('replaces the object under a new version, and nothing when nothing changes', async () => {
    const { send } = await startTestApi()
    const { body: created } = await send('POST', configMaps, { body: makeConfigMap('a', { key: 'old' }) })
    const { body: updated } = await send('PUT', `${configMaps}/a`, { body: { ...created, data: { key: 'new' } } })
    expect(updated).toMatchObject({ data: { key: 'new' }, metadata: { uid: created.metadata.uid } })
    const { body: same } = await send('PUT', `${configMaps}/a`, { body: updated })
    expect(same.metadata.resourceVersion).toBe(updated.metadata.resourceVersion)
  })

  it('answers 409 Conflict to who has not seen the newest version', async () => {
    const { send } = await startTestApi()
    const { body: created } = await send('POST', configMaps, { body: makeConfigMap('a') })
    await send('PUT', `${configMaps}/a`, { body: { ...created, data: { key: 'first' } } })
    expect(await send('PUT', `${configMaps}/a`, { body: { ...created, data: { key: 'second' } } })).toMatchObject({
      code: 409,
      body: { reason: 'Conflict', message: expect.stringContaining('the object has been modified') },
    })
  })

  it('writes over any version when none is named', async () => {
    const { send } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a') })
    expect(await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a', { key: 'new' }) })).toMatchObject({
      code: 200,
    })
  })

  it.each([
    [{ metadata: { name: 'b' } }, 400],
    [{ metadata: { name: 'a', uid: 'another' } }, 409],
    [{ metadata: { name: 'a' }, data: { '..': '' } }, 422],
  ])('refuses %j with %d', async (body, code) => {
    const { send } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a') })
    expect(await send('PUT', `${configMaps}/a`, { body })).toMatchObject({ code })
  })

  it('answers 404 when there is no such object', async () => {
    const { send } = await startTestApi()
    expect(await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a') })).toMatchObject({ code: 404 })
  })

  it.each([
    ['completions', { completions: 2 }],
    ['selector', { selector: { matchLabels: { a: 'b' } } }],
    [
      'template',
      { template: { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'main', image: 'other' }] } } },
    ],
  ])('answers 422 to a change of a Job’s %s', async (field, change) => {
    const { send } = await startTestApi()
    const { body: job } = await send('POST', jobs, { body: makeJob('a') })
    const spec = { ...(job.spec as object), ...change }
    expect(await send('PUT', `${jobs}/a`, { body: { ...job, spec } })).toMatchObject({
      code: 422,
      body: { details: { causes: expect.arrayContaining([expect.objectContaining({ field: `spec.${field}` })]) } },
    })
  })

  it('counts a generation when the spec changes, and only then', async () => {
    const { send } = await startTestApi()
    const { body: job } = await send('POST', jobs, { body: makeJob('a') })
    const spec = { ...(job.spec as object), suspend: true }
    const suspended = await send('PUT', `${jobs}/a`, { body: { ...job, spec } })
    expect(suspended.body.metadata.generation).toBe(2)
    const labelled = { ...suspended.body, metadata: { ...suspended.body.metadata, labels: { a: 'b' } } }
    expect((await send('PUT', `${jobs}/a`, { body: labelled })).body.metadata.generation).toBe(2)
  })

  it('changes the status through /status alone, and nothing else through it', async () => {
    const { send } = await startTestApi()
    const { body: job } = await send('POST', jobs, { body: makeJob('a') })
    const changed = { ...job, spec: { ...(job.spec as object), suspend: true }, status: { active: 1 } }
    expect((await send('PUT', `${jobs}/a/status`, { body: changed })).body).toMatchObject({
      spec: { suspend: false },
      status: { active: 1 },
    })
    const { body: current } = await send('GET', `${jobs}/a/status`)
    expect((await send('PUT', `${jobs}/a`, { body: { ...current, status: {} } })).body.status).toEqual({ active: 1 })
  })

  it('lets a pod change its images alone', async () => {
    const { send } = await startTestApi()
    const { body: pod } = await send('POST', pods, { body: makePod('a') })
    const withImage = { ...pod, spec: { ...(pod.spec as object), containers: [{ name: 'main', image: 'busybox:2' }] } }
    const withCommand = {
      ...pod,
      spec: { ...(pod.spec as object), containers: [{ name: 'main', image: 'busybox', command: ['x'] }] },
    }
    expect(await send('PUT', `${pods}/a`, { body: withCommand })).toMatchObject({ code: 422 })
    expect(
      (
        await send('PATCH', `${pods}/a`, {
          body: { spec: { containers: withImage.spec.containers } },
          headers: { 'content-type': 'application/strategic-merge-patch+json' },
        })
      ).body.spec,
    ).toMatchObject({ containers: [{ image: 'busybox:2' }] })
  })

  it('leaves an immutable ConfigMap as it is', async () => {
    const { send } = await startTestApi()
    await send('POST', configMaps, { body: { ...makeConfigMap('a', { key: 'old' }), immutable: true } })
    expect(await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a', { key: 'new' }) })).toMatchObject({
      code: 422,
    })
  })
})

describe('patch', () => {
  it.each([
    ['application/json-patch+json', [{ op: 'replace', path: '/data/key', value: 'new' }]],
    ['application/merge-patch+json', { data: { key: 'new' } }],
    ['application/strategic-merge-patch+json', { data: { key: 'new' } }],
  ])('takes %s', async (contentType, body) => {
    const { send } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a', { key: 'old' }) })
    const reply = await send('PATCH', `${configMaps}/a`, { body, headers: { 'content-type': contentType } })
    expect(reply).toMatchObject({ code: 200, body: { data: { key: 'new' } } })
  })

  it.each([
    ['application/json', {}, 415],
    ['application/json-patch+json', {}, 400],
    ['application/merge-patch+json', [], 400],
    ['application/json-patch+json', [{ op: 'test', path: '/data/key', value: 'other' }], 422],
    ['application/merge-patch+json', { metadata: { resourceVersion: '1' } }, 409],
    ['application/merge-patch+json', { data: { key: 1 } }, 400],
    ['application/apply-patch+yaml', {}, 400],
  ])('as %s of %j is answered %d', async (contentType, body, code) => {
    const { send } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a', { key: 'old' }) })
    expect(await send('PATCH', `${configMaps}/a`, { body, headers: { 'content-type': contentType } })).toMatchObject({
      code,
    })
  })

  it('changes nothing but the status through /status', async () => {
    const { send } = await startTestApi()
    await send('POST', jobs, { body: makeJob('a') })
    const headers = { 'content-type': 'application/merge-patch+json' }
    const { body } = await send('PATCH', `${jobs}/a/status`, {
      body: { spec: { suspend: true }, status: { active: 1 } },
      headers,
    })
    expect(body).toMatchObject({ spec: { suspend: false }, status: { active: 1 } })
  })

  it('applies on the server: creates what is missing, and merges into what is there', async () => {
    const { send } = await startTestApi()
    const headers = { 'content-type': 'application/apply-patch+yaml' }
    const apply = (body: unknown) => send('PATCH', `${configMaps}/a?fieldManager=test`, { body, headers })
    expect(await apply(makeConfigMap('a', { one: '1' }))).toMatchObject({ code: 201, body: { data: { one: '1' } } })
    expect(await apply(makeConfigMap('a', { two: '2' }))).toMatchObject({
      code: 200,
      body: { data: { one: '1', two: '2' } },
    })
  })
})

describe('delete', () => {
  it('answers a Status that says what is gone', async () => {
    const { send } = await startTestApi()
    const { body: job } = await send('POST', jobs, { body: makeJob('a') })
    expect(await send('DELETE', `${jobs}/a?propagationPolicy=Background`)).toMatchObject({
      code: 200,
      body: {
        kind: 'Status',
        status: 'Success',
        details: { name: 'a', group: 'batch', kind: 'jobs', uid: job.metadata.uid },
      },
    })
    expect(await send('DELETE', `${jobs}/a`)).toMatchObject({ code: 404 })
  })

  it('answers 409 when a precondition does not hold, and deletes nothing', async () => {
    const { send } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a') })
    for (const preconditions of [{ uid: 'another' }, { resourceVersion: '1' }]) {
      expect(await send('DELETE', `${configMaps}/a`, { body: { preconditions } })).toMatchObject({ code: 409 })
    }
    expect(await send('GET', `${configMaps}/a`)).toMatchObject({ code: 200 })
  })

  it.each([
    ['Orphan', [], undefined],
    ['Background', ['owner'], undefined],
    ['Foreground', ['owner'], undefined],
    ['', [], expect.stringContaining('stay by default')],
  ])('of a Job with propagation %j leaves its pods the owners %j', async (policy, owners, warning) => {
    const { send } = await startTestApi()
    const { body: job } = await send('POST', jobs, { body: makeJob('owner') })
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'owner', uid: job.metadata.uid }]
    await send('POST', pods, { body: makePod('pod', {}, { ownerReferences }) })
    const { headers } = await send('DELETE', `${jobs}/owner${policy && `?propagationPolicy=${policy}`}`)
    expect(headers['warning']).toEqual(warning)
    const { body: pod } = await send('GET', `${pods}/pod`)
    expect((pod.metadata.ownerReferences ?? []).map(({ name }) => name)).toEqual(owners)
  })

  it.each([{ propagationPolicy: 'Sometimes' }])('answers 400 to %j', async (body) => {
    const { send } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a') })
    expect(await send('DELETE', `${configMaps}/a`, { body })).toMatchObject({ code: 400 })
  })

  it('takes orphanDependents, the older word for it', async () => {
    const { send } = await startTestApi()
    await send('POST', jobs, { body: makeJob('a') })
    const { headers } = await send('DELETE', `${jobs}/a`, { body: { orphanDependents: false } })
    expect(headers['warning']).toBeUndefined()
  })

  it('of a collection takes what the selectors choose', async () => {
    const { send } = await startTestApi()
    for (const name of ['a', 'b'])
      await send('POST', configMaps, { body: makeConfigMap(name, {}, { labels: { name } }) })
    const { body } = await send('DELETE', `${configMaps}?labelSelector=name%3Da`)
    expect(body.items.map(({ metadata }) => metadata.name)).toEqual(['a'])
    expect((await send('GET', configMaps)).body.items.map(({ metadata }) => metadata.name)).toEqual(['b'])
  })

  it('of a namespace takes what is in it, but never the namespaces every cluster has', async () => {
    const { send } = await startTestApi()
    await send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'other' } } })
    await send('POST', '/api/v1/namespaces/other/configmaps', { body: makeConfigMap('a') })
    expect(await send('DELETE', '/api/v1/namespaces/other')).toMatchObject({ code: 200 })
    expect((await send('GET', '/api/v1/configmaps')).body.items).toEqual([])
    expect(await send('DELETE', '/api/v1/namespaces/default')).toMatchObject({
      code: 403,
      body: { reason: 'Forbidden' },
    })
  })

  it('deletes nothing on a dry run', async () => {
    const { send } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a') })
    await send('DELETE', `${configMaps}/a?dryRun=All`)
    await send('DELETE', `${configMaps}?dryRun=All`)
    await send('DELETE', `${configMaps}/a`, { body: { dryRun: ['All'] } })
    expect(await send('GET', `${configMaps}/a`)).toMatchObject({ code: 200 })
  })
})
