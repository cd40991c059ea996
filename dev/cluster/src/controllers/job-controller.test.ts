import { expect, test } from 'vitest'
import type { Job } from '../objects/job.ts'
import type { Pod } from '../objects/pod.ts'
import { ending, makeJob, runs, startTestCluster } from '../testing/controllers.ts'

const exitCodeOf = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state.terminated?.exitCode

test('a Job is complete when its pod succeeds', async () => {
  const cluster = startTestCluster()
  cluster.createJob('fine', { template: runs('echo hello; echo there >&2') })
  const { status } = await cluster.finished('fine')
  expect(status).toMatchObject({ succeeded: 1, ready: 0, terminating: 0 })
  expect(status).not.toHaveProperty('active')
  expect(status?.conditions).toMatchObject([
    { type: 'SuccessCriteriaMet', reason: 'CompletionsReached' },
    { type: 'Complete', status: 'True', message: 'Reached expected number of succeeded pods' },
  ])
  expect(status?.completionTime).toBe(status?.conditions?.[1]?.lastTransitionTime)
  expect(cluster.output(cluster.pods('fine')[0])).toBe('hello\nthere\n')
  expect(cluster.reasons('fine')).toEqual(['SuccessfulCreate', 'Completed'])
})

test("a Job's pod is named after it, belongs to it and has its template's metadata", async () => {
  const cluster = startTestCluster()
  const template = { ...runs('true'), metadata: { labels: { team: 'ops' }, annotations: { note: 'x' } } }
  const { metadata } = cluster.createJob('owner', { template })
  await cluster.finished('owner')
  expect(cluster.pods('owner')[0]?.metadata).toMatchObject({
    name: expect.stringMatching(/^owner-[bcdfghjklmnpqrstvwxz2456789]{5}$/),
    labels: { team: 'ops', 'batch.kubernetes.io/job-name': 'owner', 'controller-uid': metadata.uid },
    annotations: { note: 'x' },
    ownerReferences: [{ kind: 'Job', name: 'owner', uid: metadata.uid, controller: true }],
  })
})

test('a Job fails after one more pod than its backoffLimit', async () => {
  const cluster = startTestCluster()
  cluster.createJob('bad', { backoffLimit: 1, template: runs('exit 3') })
  const job = await cluster.finished('bad')
  expect(ending(job)).toBe('Failed (BackoffLimitExceeded)')
  expect(job.status).toMatchObject({ failed: 2, conditions: [{ type: 'FailureTarget', status: 'True' }, {}] })
  expect(cluster.pods('bad').map(exitCodeOf)).toEqual([3, 3])
  expect(cluster.reasons('bad').at(-1)).toBe('BackoffLimitExceeded')
})

test('a Job with OnFailure restarts its container in place until the backoffLimit', async () => {
  const cluster = startTestCluster()
  const restarts = new Set<number | undefined>()
  cluster.store.subscribe('pods', ({ object }) => {
    restarts.add((object as Pod).status?.containerStatuses?.[0]?.restartCount)
  })
  cluster.createJob('again', { backoffLimit: 2, template: runs('exit 1', { restartPolicy: 'OnFailure' }) })
  const job = await cluster.finished('again')
  expect(ending(job)).toBe('Failed (BackoffLimitExceeded)')
  expect([...restarts]).toEqual([undefined, 0, 1, 2])
  expect(job.status?.failed).toBe(1)
})

test("a Job's deadline ends it once its pods are gone", async () => {
  const cluster = startTestCluster()
  cluster.createJob('slow', { activeDeadlineSeconds: 1, template: runs('exec sleep 60') })
  const job = await cluster.finished('slow')
  expect(ending(job)).toBe('Failed (DeadlineExceeded)')
  expect(job.status).toMatchObject({ terminating: 0, failed: 1 })
  await cluster.until(() => cluster.pods('slow').length === 0)
})

test('a Job runs at most its parallelism of pods at once, and as many as its completions', async () => {
  const cluster = startTestCluster()
  const active: number[] = []
  cluster.store.subscribe('jobs', ({ object }) => active.push((object as Job).status?.active ?? 0))
  cluster.createJob('many', { parallelism: 2, completions: 5 })
  expect((await cluster.finished('many')).status?.succeeded).toBe(5)
  expect(Math.max(...active)).toBe(2)
})

test('each pod of an Indexed Job has its index', async () => {
  const cluster = startTestCluster()
  const template = runs('echo $JOB_COMPLETION_INDEX')
  cluster.createJob('indexed', { completionMode: 'Indexed', completions: 3, parallelism: 3, template })
  expect((await cluster.finished('indexed')).status?.completedIndexes).toBe('0-2')
  expect(cluster.pods('indexed').map(cluster.output).sort()).toEqual(['0\n', '1\n', '2\n'])
})

test('a suspended Job loses its pods and starts again when it is resumed', async () => {
  const cluster = startTestCluster()
  const suspend = (suspended: boolean) =>
    cluster.store.mutate('jobs', 'default', 'paused', (job) => ((job as Job).spec.suspend = suspended))
  cluster.createJob('paused', { template: runs('exec sleep 60') })
  await cluster.until(() => cluster.pods('paused')[0]?.status?.phase === 'Running')
  suspend(true)
  await cluster.until(() => cluster.pods('paused').length === 0 && cluster.job('paused')?.status?.terminating === 0)
  suspend(false)
  await cluster.until(() => cluster.pods('paused')[0]?.status?.phase === 'Running')
  expect(cluster.job('paused')?.status?.conditions).toMatchObject([{ status: 'False', reason: 'JobResumed' }])
  expect(cluster.job('paused')?.status?.failed).toBeUndefined()
})

test('a Job fails at once if its podFailurePolicy says so', async () => {
  const cluster = startTestCluster()
  cluster.createJob('fatal', {
    podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] },
    template: runs('exit 42'),
  })
  const job = await cluster.finished('fatal')
  expect(ending(job)).toBe('Failed (PodFailurePolicy)')
  expect(job.status?.conditions?.at(-1)?.message).toMatch(
    /^Container main for pod default\/fatal-\w{5} failed with exit code 42 matching FailJob rule at index 0$/,
  )
})

test('a Job keeps its counts when a finished pod is deleted', async () => {
  const cluster = startTestCluster()
  cluster.createJob('tidied', { parallelism: 1, completions: 2, template: runs('sleep 0.1') })
  const first = await cluster.until(() => cluster.pods('tidied').find(({ status }) => status?.phase === 'Succeeded'))
  cluster.store.remove('pods', 'default', first.metadata.name)
  expect((await cluster.finished('tidied')).status?.succeeded).toBe(2)
})

test('the controller leaves a Job of another controller alone', async () => {
  const cluster = startTestCluster()
  cluster.createJob('theirs', { managedBy: 'example.com/other' })
  cluster.createJob('ours')
  await cluster.finished('ours')
  expect(cluster.pods('theirs')).toEqual([])
})

test('the controller runs a Job that existed before it started', async () => {
  const { store } = startTestCluster()
  store.create('jobs', makeJob('early', { managedBy: 'none-yet' }))
  store.mutate('jobs', 'default', 'early', (job) => delete (job as Job).spec.managedBy)
  const cluster = startTestCluster({ store })
  expect(ending(await cluster.finished('early'))).toBe('Complete')
})

test.each([0, 1])('a finished Job with a TTL of %i is deleted with its pods and logs', async (ttl) => {
  const cluster = startTestCluster()
  cluster.createJob('brief', { ttlSecondsAfterFinished: ttl, template: runs('echo bye') })
  const pod = await cluster.until(() => cluster.pods('brief')[0])
  await cluster.until(() => cluster.job('brief') === undefined && cluster.pods('brief').length === 0)
  await cluster.stop()
  expect(cluster.output(pod)).toBe('')
})

test('pods that no longer belong to a deleted Job stay', async () => {
  const cluster = startTestCluster()
  cluster.createJob('parent', { parallelism: 2, completions: 2, template: runs('exec sleep 60') })
  await cluster.until(() => cluster.pods('parent').filter(({ status }) => status?.phase === 'Running').length === 2)
  const [kept, collected] = cluster.pods('parent').map(({ metadata }) => metadata.name)
  cluster.store.mutate('pods', 'default', kept ?? '', ({ metadata }) => delete metadata.ownerReferences)
  cluster.store.remove('jobs', 'default', 'parent')
  await cluster.until(() => cluster.store.get('pods', 'default', collected ?? '') === undefined)
  expect(cluster.pods('parent')).toMatchObject([{ metadata: { name: kept }, status: { phase: 'Running' } }])
})
