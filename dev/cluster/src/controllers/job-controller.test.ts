import { describe, expect, it } from 'vitest'
import type { Job } from './job-types.ts'
import type { Pod } from './pod-types.ts'
import { ending, makeJob, runs, startTestCluster } from './testing.ts'

const exitCodeOf = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state.terminated?.exitCode

describe('a Job', () => {
  it('is complete when its pod succeeds', async () => {
    const cluster = startTestCluster()
    cluster.createJob('fine', { template: runs('echo hello; echo there >&2') })
    const job = await cluster.finished('fine')
    expect(job.status).toMatchObject({ succeeded: 1, ready: 0, terminating: 0 })
    expect(job.status).not.toHaveProperty('active')
    expect(job.status?.conditions).toMatchObject([
      { type: 'SuccessCriteriaMet', reason: 'CompletionsReached' },
      { type: 'Complete', status: 'True', message: 'Reached expected number of succeeded pods' },
    ])
    expect(job.status?.completionTime).toBe(job.status?.conditions?.[1]?.lastTransitionTime)
    expect(cluster.output(cluster.pods('fine')[0])).toBe('hello\nthere\n')
    expect(cluster.reasons('fine')).toEqual(['SuccessfulCreate', 'Completed'])
  })

  it('has pods that are named after it and belong to it', async () => {
    const cluster = startTestCluster()
    const { metadata } = cluster.createJob('owner', {
      template: { ...runs('true'), metadata: { labels: { team: 'ops' }, annotations: { note: 'x' } } },
    })
    await cluster.finished('owner')
    const [pod] = cluster.pods('owner')
    expect(pod?.metadata).toMatchObject({
      name: expect.stringMatching(/^owner-[bcdfghjklmnpqrstvwxz2456789]{5}$/),
      generateName: 'owner-',
      labels: { team: 'ops', 'batch.kubernetes.io/job-name': 'owner', 'controller-uid': metadata.uid },
      annotations: { note: 'x' },
      ownerReferences: [{ kind: 'Job', name: 'owner', uid: metadata.uid, controller: true }],
    })
  })

  it.each([1, 3, 255])('without retries fails when its pod exits with %i', async (code) => {
    const cluster = startTestCluster()
    cluster.createJob('bad', { backoffLimit: 0, template: runs(`exit ${code}`) })
    const job = await cluster.finished('bad')
    expect(ending(job)).toBe('Failed (BackoffLimitExceeded)')
    expect(job.status?.conditions?.[0]).toMatchObject({ type: 'FailureTarget', status: 'True' })
    expect(job.status).toMatchObject({ failed: 1 })
    expect(cluster.pods('bad').map(exitCodeOf)).toEqual([code])
    expect(cluster.reasons('bad')).toEqual(['SuccessfulCreate', 'BackoffLimitExceeded'])
  })

  it('gets one more pod than its backoffLimit before it fails', async () => {
    const cluster = startTestCluster()
    cluster.createJob('stubborn', { backoffLimit: 2, template: runs('exit 1') })
    const job = await cluster.finished('stubborn')
    expect(job.status?.failed).toBe(3)
    expect(cluster.pods('stubborn')).toHaveLength(3)
  })

  it('can succeed after failures', async () => {
    const cluster = startTestCluster()
    const marker = `${cluster.workDir}/tried`
    cluster.createJob('flaky', { template: runs(`[ -e ${marker} ] || { touch ${marker}; exit 1; }`) })
    const job = await cluster.finished('flaky')
    expect(ending(job)).toBe('Complete')
    expect(job.status).toMatchObject({ succeeded: 1, failed: 1 })
  })

  it('reports a container that a signal killed by 128 and the signal', async () => {
    const cluster = startTestCluster()
    cluster.createJob('shot', { backoffLimit: 0, template: runs('kill -KILL $$$$') })
    await cluster.finished('shot')
    expect(cluster.pods('shot').map(exitCodeOf)).toEqual([137])
  })

  it('restarts containers in place with OnFailure until the backoffLimit is met', async () => {
    const cluster = startTestCluster()
    const restarts: number[] = []
    cluster.store.subscribe('pods', ({ object }) => {
      const status = (object as Pod).status?.containerStatuses?.[0]
      if (status && restarts.at(-1) !== status.restartCount) restarts.push(status.restartCount)
    })
    cluster.createJob('again', { backoffLimit: 2, template: runs('exit 1', { restartPolicy: 'OnFailure' }) })
    const job = await cluster.finished('again')
    expect(ending(job)).toBe('Failed (BackoffLimitExceeded)')
    expect(restarts).toEqual([0, 1, 2])
    expect(job.status?.failed).toBe(1)
  })

  it('is ended by its deadline, once its pods are gone', async () => {
    const cluster = startTestCluster()
    const active: (number | undefined)[] = []
    cluster.store.subscribe('jobs', ({ object }) => active.push((object as Job).status?.active))
    cluster.createJob('slow', { activeDeadlineSeconds: 1, template: runs('exec sleep 60') })
    const job = await cluster.finished('slow')
    expect(ending(job)).toBe('Failed (DeadlineExceeded)')
    expect(job.status?.conditions?.at(-1)?.message).toBe('Job was active longer than specified deadline')
    expect(job.status).toMatchObject({ terminating: 0, failed: 1 })
    await cluster.until(() => cluster.pods('slow').length === 0)
    expect(active).toContain(1)
  })

  it('runs no more pods together than its parallelism, and as many as its completions', async () => {
    const cluster = startTestCluster()
    const active: number[] = []
    cluster.store.subscribe('jobs', ({ object }) => active.push((object as Job).status?.active ?? 0))
    cluster.createJob('many', { parallelism: 2, completions: 5 })
    const job = await cluster.finished('many')
    expect(job.status?.succeeded).toBe(5)
    expect(Math.max(...active)).toBe(2)
  })

  it('gives each pod of an Indexed Job its index', async () => {
    const cluster = startTestCluster()
    cluster.createJob('indexed', {
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 3,
      template: runs('echo $JOB_COMPLETION_INDEX'),
    })
    const job = await cluster.finished('indexed')
    expect(job.status?.completedIndexes).toBe('0-2')
    expect(
      cluster
        .pods('indexed')
        .map((pod) => cluster.output(pod))
        .toSorted(),
    ).toEqual(['0\n', '1\n', '2\n'])
  })

  it('loses its pods while it is suspended, and starts anew when it is resumed', async () => {
    const cluster = startTestCluster()
    const suspend = (suspended: boolean) =>
      cluster.store.mutate('jobs', 'default', 'paused', (job) => ((job as Job).spec.suspend = suspended))
    cluster.createJob('paused', { template: runs('exec sleep 60') })
    await cluster.until(() => cluster.pods('paused')[0]?.status?.phase === 'Running')
    suspend(true)
    await cluster.until(() => cluster.pods('paused').length === 0 && cluster.job('paused')?.status?.terminating === 0)
    expect(cluster.job('paused')?.status).toMatchObject({
      conditions: [{ type: 'Suspended', status: 'True', reason: 'JobSuspended' }],
    })
    suspend(false)
    await cluster.until(() => cluster.pods('paused')[0]?.status?.phase === 'Running')
    expect(cluster.job('paused')?.status?.conditions).toMatchObject([{ status: 'False', reason: 'JobResumed' }])
    expect(cluster.job('paused')?.status?.failed).toBeUndefined()
    expect(cluster.reasons('paused')).toContain('Resumed')
  })

  it('fails at once when its podFailurePolicy says so', async () => {
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

  it('keeps its counts when a finished pod is deleted', async () => {
    const cluster = startTestCluster()
    cluster.createJob('tidied', { parallelism: 1, completions: 2, template: runs('[ -e stop ] || sleep 0.1') })
    const first = await cluster.until(() => cluster.pods('tidied').find(({ status }) => status?.phase === 'Succeeded'))
    cluster.store.remove('pods', 'default', first.metadata.name)
    expect((await cluster.finished('tidied')).status?.succeeded).toBe(2)
  })

  it('is left alone when another controller manages it', async () => {
    const cluster = startTestCluster()
    cluster.createJob('theirs', { managedBy: 'example.com/other' })
    cluster.createJob('ours')
    await cluster.finished('ours')
    expect(cluster.pods('theirs')).toEqual([])
  })

  it('that was there before the controllers is run too', async () => {
    const { store } = startTestCluster()
    store.create('jobs', makeJob('early', { managedBy: 'nobody-yet' }))
    store.mutate('jobs', 'default', 'early', (job) => delete (job as Job).spec.managedBy)
    const cluster = startTestCluster({ store })
    expect(ending(await cluster.finished('early'))).toBe('Complete')
  })
})

describe('a finished Job', () => {
  it.each([0, 1])('is deleted with its pods and logs %i seconds later, when its TTL says so', async (ttl) => {
    const cluster = startTestCluster()
    cluster.createJob('short-lived', { ttlSecondsAfterFinished: ttl, template: runs('echo bye') })
    const pod = await cluster.until(() => cluster.pods('short-lived')[0])
    await cluster.until(() => cluster.job('short-lived') === undefined && cluster.pods('short-lived').length === 0)
    await cluster.stop()
    expect(cluster.output(pod)).toBe('')
  })

  it('stays without a TTL, and does nothing more', async () => {
    const cluster = startTestCluster()
    cluster.createJob('kept')
    const job = await cluster.finished('kept')
    cluster.createJob('later')
    await cluster.finished('later')
    expect(cluster.job('kept')).toBe(job)
  })
})
