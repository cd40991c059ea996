import { ANNOTATION, type Alert, LABEL, type Operario } from '@opifer/core'
import { makeAlert, makeOperario, makeRun } from '@opifer/core/testing'
import type { FaultRule } from '@opifer/devcluster'
import type { Logger } from '@opifer/platform/telemetry'
import { describe, expect, test } from 'vitest'
import { RetryError } from '../errors.ts'
import { createKubeApi, type KubeApi } from '../kubernetes/client/api.ts'
import { ApiError } from '../kubernetes/client/errors.ts'
import { COMPLETE, FAILED, makeJob, makeJobRef, RECEIVED_AT, stored } from '../testing/builders.ts'
import { makeKubeConfig, makeTransport, NAMESPACE, startCluster, type TestCluster } from '../testing/cluster.ts'
import { LEASE, makeAttempt, makeContext, makeJobs, makeTransitions } from '../testing/context.ts'
import { startServer } from '../testing/server.ts'
import type { Attempt, RunContext } from './context.ts'
import { create as createJob, type Creation } from './create.ts'

const ANOTHER_RUN = makeRun({ id: 'another-run' })

describe('against the development cluster', () => {
  test('creates the Job and returns its reference', async () => {
    const cluster = await startCluster()
    const variables: unknown[] = []
    const info = (fields: { variables?: string[] }) => void variables.push(...(fields.variables ?? []))
    const creation = await create(cluster, {}, { log: { info, warn() {} } as object as Logger })
    const [job] = cluster.store.list('jobs')
    expect(creation).toMatchObject({
      kind: 'created',
      job: { namespace: NAMESPACE, name: job?.metadata.name, uid: job?.metadata.uid },
    })
    expect(job?.metadata.labels).toMatchObject({ [LABEL.runId]: makeRun().id, app: 'openfero' })
    expect(variables).toEqual(expect.arrayContaining(['OPENFERO_SEVERITY', 'OPIFER_RUN_ID']))
  })

  test('the creation time is the Job’s own, to the millisecond where our clock agrees', async () => {
    const cluster = await startCluster()
    const creation = await create(cluster, {}, { now: Date.now })
    const [job] = cluster.store.list('jobs')
    const created = Date.parse(job?.metadata.creationTimestamp ?? '')
    const { createdAt } = jobOf(creation)
    expect(createdAt).toBeGreaterThanOrEqual(created)
    expect(createdAt).toBeLessThan(created + 1_000)
  })

  test('a clock that is off does not change the creation time', async () => {
    const cluster = await startCluster()
    const creation = await create(cluster, {}, { now: () => 0 })
    const [job] = cluster.store.list('jobs')
    expect(jobOf(creation).createdAt).toBe(Date.parse(job?.metadata.creationTimestamp ?? ''))
  })

  test('a retry of the same run, as after a crash, adopts its Job, finished or not', async () => {
    const cluster = await startCluster()
    const { name, uid } = jobOf(await create(cluster))
    const again = { kind: 'adopted', job: { name, uid, adopted: true } }
    expect(await create(cluster)).toMatchObject(again)
    finish(cluster, COMPLETE)
    expect(await create(cluster)).toMatchObject(again)
    expect(cluster.store.list('jobs')).toHaveLength(1)
  })

  test('the Job of an earlier attempt belongs to the run even after its deletion, when its name is free again', async () => {
    const cluster = await startCluster()
    const job = makeJobRef({ name: 'earlier-1', uid: 'uid of a deleted Job' })
    const creation = await create(cluster, {}, { jobs: makeJobs({ ofRun: job }) })
    expect(creation).toEqual({ kind: 'adopted', job: { ...job, adopted: true } })
    expect(cluster.calls('create', 'jobs')).toBe(0)
  })

  test('another run of the same alert adopts the Job while it runs', async () => {
    const cluster = await startCluster()
    const { name, uid } = jobOf(await create(cluster))
    const creation = await create(cluster, { run: ANOTHER_RUN })
    expect(creation).toMatchObject({ kind: 'adopted', job: { name, uid, adopted: true } })
    expect(cluster.store.list('jobs')).toHaveLength(1)
  })

  test('a later firing of the same alert adopts the Job while it runs', async () => {
    const cluster = await startCluster()
    const { uid } = jobOf(await create(cluster))
    const alert = makeAlert({ startsAt: '2026-11-23T05:00:00Z' })
    const creation = await create(cluster, { run: makeRun({ id: 'another-run', alert }), alert })
    expect(creation).toMatchObject({ kind: 'adopted', job: { uid } })
    expect(cluster.store.list('jobs')).toHaveLength(1)
  })

  test.each([COMPLETE, FAILED])(
    'another run of the same alert creates the next Job when the existing one is $type',
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

  test('numbers start after the last Job known to have finished', async () => {
    const cluster = await startCluster()
    await create(cluster)
    finish(cluster, COMPLETE)
    const creation = await create(cluster, { run: ANOTHER_RUN, attempt: { nextJob: 1 } })
    expect(creation).toMatchObject({ kind: 'created', job: { name: expect.stringMatching(/-1$/) } })
    expect(cluster.calls('create', 'jobs')).toBe(2)
  })

  test('a running Job with another number is adopted when Redis has lost the numbers', async () => {
    const cluster = await startCluster()
    const running = jobOf(await create(cluster, { attempt: { nextJob: 3 } }))
    const creation = await create(cluster, { run: ANOTHER_RUN }, { jobs: makeJobs({ unfinished: running }) })
    expect(creation).toMatchObject({ kind: 'adopted', job: { uid: running.uid } })
    expect(cluster.store.list('jobs')).toHaveLength(1)
  })

  test('a Job that the informer wrongly believes to be running is not adopted', async () => {
    const cluster = await startCluster()
    const ended = jobOf(await create(cluster, { attempt: { nextJob: 3 } }))
    finish(cluster, COMPLETE)
    const creation = await create(cluster, { run: ANOTHER_RUN }, { jobs: makeJobs({ unfinished: ended }) })
    expect(creation).toMatchObject({ kind: 'created' })
    expect(cluster.store.list('jobs')).toHaveLength(2)
  })

  test('a Job that was not created by Opifer keeps its name', async () => {
    const cluster = await startCluster()
    const { name } = jobOf(await create(cluster))
    cluster.store.remove('jobs', NAMESPACE, name)
    cluster.store.create('jobs', stored('Job', name))
    expect(await create(cluster)).toEqual({
      kind: 'rejected',
      outcome: 'invalid',
      reason: `name taken by Job ${NAMESPACE}/${name}, which was not created for this alert`,
    })
  })

  test('a running Job of another Operario for the same alert is waited for', async () => {
    const cluster = await startCluster()
    await create(cluster)
    const operario = makeOperario({ configMap: 'other-namespace/openfero-diskspacelow-firing' })
    await expect(create(cluster, { run: ANOTHER_RUN, operario })).rejects.toThrow('of another Operario still runs')
    finish(cluster, COMPLETE)
    expect(await create(cluster, { run: ANOTHER_RUN, operario })).toMatchObject({ kind: 'created' })
  })

  test('the API server’s validation error is the reason', async () => {
    const cluster = await startCluster()
    const operario = withContainer({ name: 'Not_A_Name', image: 'busybox' })
    const creation = await create(cluster, { operario })
    expect(creation).toMatchObject({ kind: 'rejected', outcome: 'invalid' })
    expect(creation).toHaveProperty('reason', expect.stringMatching(/422 Invalid: .*containers\[0\]\.name/))
  })

  test('a manifest for another namespace is never sent', async () => {
    const cluster = await startCluster()
    const { manifest } = makeOperario()
    const operario = makeOperario({ manifest: { ...manifest, metadata: { namespace: 'kube-system' } } })
    expect(await create(cluster, { operario })).toMatchObject({ kind: 'rejected', outcome: 'invalid' })
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
  ])('after $fault.type $fault.code a retry leaves one Job', async ({ fault, retryAfterMs }) => {
    const cluster = await startCluster()
    cluster.faults.add({ verb: 'create', fault, times: 1 })
    const error = await create(cluster).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RetryError)
    expect(error).toHaveProperty('retryAfterMs', retryAfterMs)
    expect((await create(cluster)).kind).toBe(fault.type === 'commit-then-cut' ? 'adopted' : 'created')
    expect(cluster.store.list('jobs')).toHaveLength(1)
  })

  test('a missing namespace is retried', async () => {
    const cluster = await startCluster()
    await expect(create(cluster, {}, inNamespace('missing'))).rejects.toThrow(/creating Job missing\/.*404 NotFound/)
  })

  test('a Job that has the name and cannot be read is retried', async () => {
    const cluster = await startCluster()
    await create(cluster)
    cluster.faults.add({ verb: 'get', resource: 'jobs', fault: { type: 'status', code: 500 }, times: 1 })
    await expect(create(cluster)).rejects.toThrow(/reading Job .*500 InternalError/)
    expect((await create(cluster)).kind).toBe('adopted')
  })
})

test('a Job deleted between the two calls is retried under the same name', async () => {
  const names: string[] = []
  const api: Partial<KubeApi> = {
    async createJob({ metadata }) {
      names.push(metadata.name)
      if (names.length === 1) throw alreadyExists()
      return { job: makeJob({ name: metadata.name }), warnings: [] }
    },
    getJob: async () => undefined,
  }
  await expect(create({ api })).rejects.toThrow(RetryError)
  await create({ api })
  expect(names).toHaveLength(2)
  expect(names[0]).toBe(names[1])
})

test('a run retries after a hundred numbers were taken', async () => {
  let calls = 0
  const api: Partial<KubeApi> = {
    async createJob() {
      calls++
      throw alreadyExists()
    },
    getJob: async (_namespace, name) => {
      const annotations = { [ANNOTATION.alertKey]: makeRun().alertKey ?? '' }
      return { ...makeJob({ name, annotations }), status: { conditions: [COMPLETE] } }
    },
  }
  await expect(create({ api })).rejects.toThrow('100 finished Jobs of this alert still exist')
  expect(calls).toBe(100)
})

test('a 409 that does not say AlreadyExists is retried', async () => {
  const conflict = new ApiError({ code: 409, reason: 'Conflict', message: 'the namespace is being terminated' })
  const api = { createJob: () => Promise.reject(conflict), getJob: () => Promise.reject(new Error('not asked')) }
  await expect(create({ api })).rejects.toThrow('Conflict')
})

describe('a create in doubt', () => {
  test('is marked before it is sent, and stays marked when no answer comes', async () => {
    const calls: string[] = []
    const api = { createJob: () => Promise.reject(new Error(`cut, after: ${calls.join()}`)) }
    const unmarked = { attempt: { mark: undefined } }
    await expect(create({ api }, unmarked, { transitions: makeTransitions(calls) })).rejects.toThrow(
      'cut, after: mark 0',
    )
    expect(calls).toEqual(['mark 0'])
  })

  test('that the attempt marked when it began is not marked again while the lease is fresh', async () => {
    const cluster = await startCluster()
    const calls: string[] = []
    await create(cluster, {}, { transitions: makeTransitions(calls) })
    expect(calls).toEqual([])
  })

  test('is marked again once half of the lease’s time has passed', async () => {
    const cluster = await startCluster()
    const calls: string[] = []
    const attempt = { mark: { job: 0, at: performance.now() - LEASE.durationMs / 2 } }
    await create(cluster, { attempt }, { transitions: makeTransitions(calls) })
    expect(calls).toEqual(['mark 0'])
  })

  test.each([
    { what: 'the API server refused it', code: 503, inDoubt: undefined, want: ['clear'] },
    { what: 'an earlier create is in doubt too', code: 503, inDoubt: { since: RECEIVED_AT - 1_000, job: 0 }, want: [] },
    { what: 'a proxy answered', code: 502, inDoubt: undefined, want: [] },
  ])('after $what: $want', async ({ code, inDoubt, want }) => {
    const cluster = await startCluster()
    cluster.faults.add({ verb: 'create', fault: { type: 'status', code } })
    const calls: string[] = []
    const creating = create(cluster, { attempt: { inDoubt } }, { transitions: makeTransitions(calls) })
    await expect(creating).rejects.toThrow(RetryError)
    expect(calls).toEqual(want)
  })

  test('that Redis could not clear still fails with the API server’s error', async () => {
    const cluster = await startCluster()
    cluster.faults.add({ verb: 'create', fault: { type: 'status', code: 503 } })
    const transitions = { ...makeTransitions(), clearInDoubt: () => Promise.reject(new Error('Redis is down')) }
    await expect(create(cluster, {}, { transitions })).rejects.toThrow('503')
  })

  test('is not sent by a worker that has lost the lease', async () => {
    const cluster = await startCluster()
    const transitions = { ...makeTransitions(), markInDoubt: () => Promise.reject(new Error('lease lost')) }
    const creating = create(cluster, { attempt: { mark: undefined } }, { transitions })
    await expect(creating).rejects.toThrow(/^lease lost$/)
    expect(cluster.calls('create', 'jobs')).toBe(0)
  })

  test('whose Job may have expired leads to no second Job', async () => {
    const cluster = await startCluster()
    const creation = await create(cluster, { attempt: { inDoubt: { since: RECEIVED_AT - 400_000, job: 0 } } })
    expect(creation).toMatchObject({ kind: 'rejected', outcome: 'lost' })
    expect(cluster.calls('create', 'jobs')).toBe(0)
  })

  test('whose Job is found is adopted, even if that is deleted a moment later', async () => {
    const cluster = await startCluster()
    const labels = { [LABEL.runId]: makeRun().id }
    const { metadata } = cluster.store.create('jobs', stored('Job', 'cleanup', { labels }))
    const list: KubeApi['list'] = async (...request) => {
      const page = await cluster.api.list(...request)
      cluster.store.remove('jobs', NAMESPACE, 'cleanup')
      return page as never
    }
    const attempt = { inDoubt: { since: RECEIVED_AT - 400_000, job: 0 } }
    const creation = await create({ api: { ...cluster.api, list } }, { attempt })
    expect(creation).toMatchObject({ kind: 'adopted', job: { name: 'cleanup', uid: metadata.uid } })
    expect(cluster.store.list('jobs')).toEqual([])
    expect(cluster.calls('create', 'jobs')).toBe(0)
  })

  test('is retried under its own number, although later Jobs of the alert have finished', async () => {
    const cluster = await startCluster()
    const { name, uid } = jobOf(await create(cluster, { attempt: { nextJob: 1 } }))
    finish(cluster, COMPLETE)
    const attempt = { nextJob: 2, inDoubt: { since: RECEIVED_AT - 1_000, job: 1 }, mark: undefined }
    const calls: string[] = []
    const creation = await create(cluster, { attempt }, { transitions: makeTransitions(calls) })
    expect(creation).toMatchObject({ kind: 'adopted', job: { name, uid } })
    expect(cluster.store.list('jobs')).toHaveLength(1)
    expect(calls).toEqual(['mark 1'])
  })

  test('is marked again when its number moves on', async () => {
    const cluster = await startCluster()
    await create(cluster, { run: ANOTHER_RUN })
    finish(cluster, COMPLETE)
    const calls: string[] = []
    await create(cluster, {}, { transitions: makeTransitions(calls) })
    expect(calls).toEqual(['mark 1'])
  })

  test('of an older version is looked up by label, since that version named Jobs differently', async () => {
    const cluster = await startCluster()
    const labels = { [LABEL.runId]: makeRun().id }
    cluster.store.create('jobs', stored('Job', 'cleanup-of-an-older-version', { labels }))
    const { alertKey: _, ...run } = makeRun()
    const creation = await create(cluster, {
      run,
      attempt: { inDoubt: { since: RECEIVED_AT - 1_000, job: undefined } },
    })
    expect(creation).toMatchObject({ kind: 'adopted', job: { name: 'cleanup-of-an-older-version' } })
    expect(cluster.calls('create', 'jobs')).toBe(0)
  })
})

test('API server warnings are logged when the Job is created, and not when it is adopted', async () => {
  const warning = 'would violate PodSecurity "restricted:latest": runAsNonRoot != true'
  const server = await startServer(({ method }, response) => {
    const isTaken = server.requests.filter((request) => request.startsWith('POST')).length > 1
    const job = makeJob({ name: 'cleanup', labels: { [LABEL.runId]: makeRun().id } })
    response.setHeader('warning', `299 - ${JSON.stringify(warning)}`)
    if (method === 'GET') response.end(JSON.stringify(job))
    else if (isTaken) response.writeHead(409).end(JSON.stringify({ kind: 'Status', reason: 'AlreadyExists' }))
    else response.writeHead(201).end(JSON.stringify(job))
  })
  const api = createKubeApi(makeTransport(makeKubeConfig(server.url)))
  const warned: unknown[] = []
  const warn = (fields: object, msg: string) => void warned.push({ ...fields, msg })
  const log = { info() {}, warn } as object as Logger
  expect(await create({ api }, {}, { log })).toMatchObject({ kind: 'created' })
  expect(await create({ api }, {}, { log })).toMatchObject({ kind: 'adopted' })
  const job = expect.stringMatching(/^cleanup-disk-space-[0-9a-f]{16}-0$/)
  expect(warned).toEqual([{ job, warning, msg: 'API server warning about a Job' }])
})

interface Overrides {
  run?: ReturnType<typeof makeRun>
  alert?: Alert
  operario?: Operario
  attempt?: Partial<Attempt>
}

function create(
  cluster: { api: Partial<KubeApi> },
  { run = makeRun(), operario = makeOperario(), attempt = {} }: Overrides = {},
  context: Partial<RunContext> = {},
): Promise<Creation> {
  const request = { run, alert: run.alert as Alert, operario, attempt: makeAttempt(attempt) }
  return createJob(request, makeContext(cluster, context))
}

function inNamespace(namespace: string): Pick<RunContext, 'settings'> {
  const { settings } = makeContext({ api: {} })
  return { settings: { ...settings, job: { ...settings.job, namespace } } }
}

function jobOf(creation: Creation) {
  if (creation.kind === 'rejected') throw new Error(creation.reason)
  return creation.job
}

function finish({ store }: TestCluster, condition: object): void {
  const [job] = store.list('jobs')
  expect(job?.metadata.annotations).toHaveProperty([ANNOTATION.alertKey])
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
