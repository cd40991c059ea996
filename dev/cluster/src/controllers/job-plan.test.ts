import { expect, test } from 'vitest'
import type { Job, JobSpec, JobStatus, PodFailureRule } from '../objects/job.ts'
import type { Pod, PodPhase } from '../objects/pod.ts'
import { makeJob, makeMetadata, runs } from '../testing/controllers.ts'
import { type JobPlan, planJob } from './job-plan.ts'
import type { TrackedPod } from './pod-index.ts'

const start = Date.parse('2026-01-01T00:00:00Z')
const second = (seconds: number): string => new Date(start + seconds * 1000).toISOString()

const plan = (job: Job, pods: TrackedPod[] = [], atSecond = 0): JobPlan =>
  planJob(job, pods, { now: new Date(start + atSecond * 1000), podBackoffBaseMs: 10_000, podBackoffMaxMs: 60_000 })

const jobOf = (spec: Partial<JobSpec> = {}, status: JobStatus = { startTime: second(0) }): Job => ({
  ...makeJob('job', spec),
  status,
})

interface PodTraits {
  endedAt?: number
  deleted?: boolean
  gone?: boolean
  exitCode?: number
  index?: number
}

function podIn(phase: PodPhase, traits: PodTraits = {}): TrackedPod {
  const { endedAt = 0, deleted = false, gone = false, exitCode = 1, index } = traits
  const terminated = { exitCode, reason: 'Error', startedAt: second(0), finishedAt: second(endedAt) } as const
  const state = phase === 'Succeeded' || phase === 'Failed' ? { terminated } : {}
  const annotations = index === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': String(index) }
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...makeMetadata('pod'),
      annotations,
      creationTimestamp: second(0),
      ...(deleted && { deletionTimestamp: second(endedAt) }),
    },
    spec: runs('true').spec,
    status: {
      phase,
      containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state }],
    },
  }
  return { pod, gone, released: false }
}

const conditionTypes = ({ status }: JobPlan): string[] => (status.conditions ?? []).map(({ type }) => type)

test('a new Job gets one pod', () => {
  const { create, status } = plan(jobOf({}, {}))
  expect(create).toHaveLength(1)
  expect(status).toMatchObject({ startTime: '2026-01-01T00:00:00Z', active: 1, ready: 0 })
})

test.each([
  [1, 10],
  [2, 20],
  [3, 40],
  [4, 60],
  [5, 60],
])('after %i failures in a row a Job waits %i seconds', (failures, wanted) => {
  const pods = Array.from({ length: failures }, () => podIn('Failed', { endedAt: 100 }))
  const { create, wakeAfterMs } = plan(jobOf(), pods, 101)
  expect(create).toEqual([])
  expect(wakeAfterMs).toBe((wanted - 1) * 1000)
  expect(plan(jobOf(), pods, 100 + wanted).create).toHaveLength(1)
})

test('the back-off starts again after a success', () => {
  const pods = [podIn('Failed', { endedAt: 1 }), podIn('Succeeded', { endedAt: 2 }), podIn('Failed', { endedAt: 3 })]
  expect(plan(jobOf({ completions: 2 }), pods, 4).wakeAfterMs).toBe(9000)
})

test('a deadline before the end of the back-off wakes the Job', () => {
  expect(plan(jobOf({ activeDeadlineSeconds: 5 }), [podIn('Failed')], 1).wakeAfterMs).toBe(4000)
})

test.each([[{ deleted: true }], [{ gone: true }]])('a running pod that is %j counts as failed', (traits) => {
  const { status, create } = plan(jobOf(), [podIn('Running', traits)], 60)
  expect(status.failed).toBe(1)
  expect(create).toHaveLength(1)
})

test('podReplacementPolicy Failed waits for the end of a pod', () => {
  const job = jobOf({ podReplacementPolicy: 'Failed' })
  const { status, create } = plan(job, [podIn('Running', { deleted: true })], 60)
  expect([status.failed, status.terminating, create]).toEqual([undefined, 1, []])
})

test('a failure that the podFailurePolicy ignores does not count, but backs off', () => {
  const rule: PodFailureRule = { action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } }
  const job = jobOf({ backoffLimit: 0, podFailurePolicy: { rules: [rule] } })
  const { status, wakeAfterMs } = plan(job, [podIn('Failed', { exitCode: 7 })], 1)
  expect([status.failed, wakeAfterMs]).toEqual([undefined, 9000])
})

test('a Job ends only with its last pod, and keeps its verdict if that succeeds', () => {
  const job = jobOf({ activeDeadlineSeconds: 5 })
  const running = podIn('Running')
  const first = plan(job, [running], 5)
  expect(conditionTypes(first)).toEqual(['FailureTarget'])
  expect(first.remove).toEqual([running.pod])
  const decided = { ...job, status: first.status }
  expect(conditionTypes(plan(decided, [podIn('Running', { deleted: true })], 6))).toEqual(['FailureTarget'])
  const last = plan(decided, [podIn('Succeeded', { deleted: true })], 6)
  expect(conditionTypes(last)).toEqual(['FailureTarget', 'Failed'])
  expect(last.status.completionTime).toBeUndefined()
})

test('a suspended Job has no deadline', () => {
  const { status, create } = plan(jobOf({ suspend: true, activeDeadlineSeconds: 5 }), [], 60)
  expect(status.conditions?.map(({ reason }) => reason)).toEqual(['JobSuspended'])
  expect(create).toEqual([])
})

test('a Job without completions is complete after one success and the end of the other pods', () => {
  const job = jobOf({ parallelism: 2 })
  const waiting = plan(job, [podIn('Succeeded'), podIn('Running')])
  expect([conditionTypes(waiting), waiting.create]).toEqual([[], []])
  expect(conditionTypes(plan(job, [podIn('Succeeded'), podIn('Failed')]))).toEqual(['SuccessCriteriaMet', 'Complete'])
})

test('a lower parallelism removes pods that have not started, without counting them', () => {
  const waiting = podIn('Pending')
  const { remove, removedFail } = plan(jobOf({ parallelism: 1, completions: 3 }), [podIn('Running'), waiting])
  expect([remove, removedFail]).toEqual([[waiting.pod], false])
})

test.each([
  [[0], '0'],
  [[0, 1], '0,1'],
  [[0, 2, 3, 4, 6], '0,2-4,6'],
])('the completed indexes %j are %j', (indexes, want) => {
  const pods = indexes.map((index) => podIn('Succeeded', { index }))
  const { status, create } = plan(jobOf({ completionMode: 'Indexed', completions: 8, parallelism: 2 }), pods)
  expect(status.completedIndexes).toBe(want)
  expect(create).toHaveLength(2)
  expect(indexes).not.toContain(create[0])
})
