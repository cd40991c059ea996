import { ANNOTATION, type Alert, LABEL, type Operario } from '@opifer/core'
import { makeAlert, makeOperario, makeRun } from '@opifer/core/testing'
import type { FaultRule } from '@opifer/devcluster'
import { describe, expect, test } from 'vitest'
import { RetryError } from '../errors.ts'
import type { KubeApi } from '../kubernetes/client/api.ts'
import { ApiError } from '../kubernetes/client/errors.ts'
import type { JobRef } from '@opifer/core'
import { COMPLETE, FAILED, makeJob, RECEIVED_AT, stored } from '../testing/builders.ts'
import { startCluster, NAMESPACE, type TestCluster } from '../testing/cluster.ts'
import { createJob, type CreateRequest, type Creation } from './create.ts'

const ANOTHER_RUN = makeRun({ id: 'another-run' })

describe('against the development cluster', () => {
  test('the Job is made, and its reference is returned', async () => {
    const cluster = await startCluster()
    const creation = await create(cluster)
    const [job] = cluster.store.list('jobs')
    expect(creation).toMatchObject({
      kind: 'created',
      job: { namespace: NAMESPACE, name: job?.metadata.name, uid: job?.metadata.uid, createdAt: RECEIVED_AT },
      remarks: [],
      warnings: [],
    })
    expect(job?.metadata.labels).toMatchObject({ [LABEL.runId]: makeRun().id, app: 'openfero' })
    expect(creation).toHaveProperty('variables', expect.arrayContaining(['OPENFERO_SEVERITY', 'OPIFER_RUN_ID']))
  })

  test('the same run that tries again, as after a crash, finds its Job, finished or not', async () => {
    const cluster = await startCluster()
    const first = await create(cluster)
    const again = { ...first, kind: 'adopted', job: { ...jobOf(first), adopted: true } }
    expect(await create(cluster)).toEqual(again)
    finish(cluster, COMPLETE)
    expect(await create(cluster)).toEqual(again)
    expect(cluster.store.list('jobs')).toHaveLength(1)
  })

  test('a Job that an earlier turn has made is the run’s, though it is gone and its name is free again', async () => {
    const cluster = await startCluster()
    const made = { namespace: NAMESPACE, name: 'fault-1', uid: 'uid-of-a-job-that-is-gone', createdAt: RECEIVED_AT }
    const creation = await create(cluster, {}, { made })
    expect(creation).toMatchObject({ kind: 'adopted', job: { ...made, createdAt: RECEIVED_AT } })
    expect(creation).toHaveProperty('variables', expect.arrayContaining(['OPIFER_RUN_ID']))
    expect(cluster.calls('create', 'jobs')).toBe(0)
  })

  test('another run of the same episode joins the Job while it runs', async () => {
    const cluster = await startCluster()
    const first = await create(cluster)
    const job = { ...jobOf(first), adopted: true }
    expect(await create(cluster, { run: ANOTHER_RUN })).toEqual({ ...first, kind: 'adopted', job, remarks: [] })
    expect(cluster.store.list('jobs')).toHaveLength(1)
  })

  test.each([COMPLETE, FAILED])(
    'another run of the same episode gets a Job of its own when the one there is $type',
    async (end) => {
      const cluster = await startCluster()
      const first = jobOf(await create(cluster))
      finish(cluster, end)
      const creation = await create(cluster, { run: ANOTHER_RUN })
      expect(creation.kind).toBe('created')
      expect(jobOf(creation).name).not.toBe(first.name)
      expect(cluster.store.list('jobs')).toHaveLength(2)
    },
  )

  test('finished Jobs that are counted are not asked about again', async () => {
    const cluster = await startCluster()
    await create(cluster)
    finish(cluster, COMPLETE)
    expect((await create(cluster, { run: ANOTHER_RUN, finishedJobs: 1 })).kind).toBe('created')
    expect(cluster.calls('create', 'jobs')).toBe(2)
  })

  test('another episode of the same alert gets a Job of its own', async () => {
    const cluster = await startCluster()
    const first = jobOf(await create(cluster))
    const alert = makeAlert({ startsAt: '2026-11-23T05:00:00Z' })
    const creation = await create(cluster, { run: makeRun({ id: 'another-run', alert }), alert })
    expect(creation.kind).toBe('created')
    expect(jobOf(creation).name).not.toBe(first.name)
  })

  test("a Job that is somebody else's keeps its name", async () => {
    const cluster = await startCluster()
    const { name } = jobOf(await create(cluster))
    cluster.store.remove('jobs', NAMESPACE, name)
    cluster.store.create('jobs', stored('Job', name))
    expect(await create(cluster)).toEqual({
      kind: 'refused',
      outcome: 'invalid',
      reason: `a Job ${NAMESPACE}/${name} that is not Opifer's has the name`,
    })
  })

  test('what the API server finds wrong with the manifest is the reason', async () => {
    const cluster = await startCluster()
    const operario = withContainer({ name: 'Not_A_Name', image: 'busybox' })
    const creation = await create(cluster, { operario })
    expect(creation).toMatchObject({ kind: 'refused', outcome: 'invalid' })
    expect(creation).toHaveProperty('reason', expect.stringMatching(/422 Invalid: .*containers\[0\]\.name/))
  })

  test('a manifest for another namespace is never sent', async () => {
    const cluster = await startCluster()
    const { manifest } = makeOperario()
    const operario = makeOperario({ manifest: { ...manifest, metadata: { namespace: 'kube-system' } } })
    expect(await create(cluster, { operario })).toMatchObject({ kind: 'refused', outcome: 'invalid' })
    expect(cluster.calls('create', 'jobs')).toBe(0)
  })

  test.each<{ fault: FaultRule['fault']; retryAfterMs?: number }>([
    { fault: { type: 'status', code: 429, retryAfterSeconds: 7 }, retryAfterMs: 7_000 },
    { fault: { type: 'status', code: 503, retryAfterSeconds: 2 }, retryAfterMs: 2_000 },
    { fault: { type: 'status', code: 500 } },
    { fault: { type: 'status', code: 401 } },
    { fault: { type: 'status', code: 403 } },
    { fault: { type: 'status', code: 409 } },
    { fault: { type: 'cut' } },
    { fault: { type: 'commit-then-cut' } },
  ])(
    'after $fault.type $fault.code the run tries again, and there is one Job in the end',
    async ({ fault, retryAfterMs }) => {
      const cluster = await startCluster()
      cluster.faults.add({ verb: 'create', fault, times: 1 })
      const error = await create(cluster).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(RetryError)
      expect(error).toHaveProperty('retryAfterMs', retryAfterMs)
      expect((await create(cluster)).kind).toBe(fault.type === 'commit-then-cut' ? 'adopted' : 'created')
      expect(cluster.store.list('jobs')).toHaveLength(1)
    },
  )

  test('a namespace that is not there may still come', async () => {
    const cluster = await startCluster()
    await expect(create(cluster, {}, { namespace: 'missing' })).rejects.toThrow(/creating Job missing\/.*404 NotFound/)
  })

  test('a Job whose owner cannot be read may be readable later', async () => {
    const cluster = await startCluster()
    await create(cluster)
    cluster.faults.add({ verb: 'get', resource: 'jobs', fault: { type: 'status', code: 500 }, times: 1 })
    await expect(create(cluster)).rejects.toThrow(/reading Job .*500 InternalError/)
    expect((await create(cluster)).kind).toBe('adopted')
  })
})

test('a Job that went away between the two calls gives way to the next name', async () => {
  const names: string[] = []
  const creation = await create({
    api: {
      async createJob({ metadata }) {
        names.push(metadata.name)
        if (names.length === 1) throw alreadyExists()
        return { job: makeJob({ name: metadata.name }), warnings: [] }
      },
      getJob: async () => undefined,
    },
  })
  expect(names).toHaveLength(2)
  expect(jobOf(creation).name).toBe(names[1])
})

test('it is not looked for a name for ever', async () => {
  let calls = 0
  const creation = await create({
    api: {
      async createJob() {
        calls++
        throw alreadyExists()
      },
      getJob: async () => undefined,
    },
  })
  expect(creation).toMatchObject({
    kind: 'refused',
    outcome: 'invalid',
    reason: expect.stringContaining('100 finished'),
  })
  expect(calls).toBe(100)
})

test('a 409 that does not say that the name is taken may pass', async () => {
  const conflict = new ApiError({ code: 409, reason: 'Conflict', message: 'the namespace is being terminated' })
  const api = { createJob: () => Promise.reject(conflict), getJob: () => Promise.reject(new Error('not asked')) }
  await expect(create({ api })).rejects.toThrow('Conflict')
})

function create(
  { api }: { api: Pick<KubeApi, 'createJob' | 'getJob'> },
  overrides: Partial<CreateRequest> = {},
  { namespace = NAMESPACE, made = undefined as JobRef | undefined } = {},
): Promise<Creation> {
  const run = overrides.run ?? makeRun()
  const request = { run, alert: run.alert as Alert, operario: makeOperario(), finishedJobs: 0, ...overrides }
  const settings = { namespace, ttlSeconds: 300, labels: { app: 'openfero' } }
  return createJob(request, { api, jobs: { of: () => made }, settings, now: () => RECEIVED_AT })
}

function jobOf(creation: Creation) {
  if (creation.kind === 'refused') throw new Error(creation.reason)
  return creation.job
}

function finish({ store }: TestCluster, condition: object): void {
  const [job] = store.list('jobs')
  expect(job?.metadata.annotations).toHaveProperty([ANNOTATION.episode])
  store.mutate(
    'jobs',
    NAMESPACE,
    job?.metadata.name ?? '',
    (draft) => void (draft['status'] = { conditions: [condition] }),
  )
}

function withContainer(container: { name: string; image: string }): Operario {
  const { manifest } = makeOperario()
  const spec = { ...manifest.spec.template.spec, containers: [container] }
  return makeOperario({ manifest: { ...manifest, spec: { template: { spec } } } })
}

function alreadyExists(): ApiError {
  return new ApiError({ code: 409, reason: 'AlreadyExists', message: 'jobs.batch "x" already exists' })
}
