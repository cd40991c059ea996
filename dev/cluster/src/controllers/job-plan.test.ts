import { describe, expect, it } from 'vitest'
import { type JobPlan, planJob } from './job-plan.ts'
import type { Job, JobSpec, JobStatus, PodFailureRule } from './job-types.ts'
import type { TrackedPod } from './pod-index.ts'
import type { Pod, PodPhase } from './pod-types.ts'
import { makeJob, makeMetadata, runs } from './testing.ts'

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
}

let serial = 0
function podIn(
  phase: PodPhase,
  { endedAt = 0, deleted = false, gone = false, exitCode = 1 }: PodTraits = {},
): TrackedPod {
  const terminated = { exitCode, reason: 'Error', startedAt: second(0), finishedAt: second(endedAt) } as const
  const ended = phase === 'Succeeded' || phase === 'Failed'
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...makeMetadata(`pod-${(serial += 1)}`),
      creationTimestamp: second(0),
      ...(deleted && { deletionTimestamp: second(endedAt) }),
    },
    spec: runs('true').spec,
    status: {
      phase,
      containerStatuses: [
        {
          name: 'main',
          image: '',
          imageID: '',
          ready: false,
          started: false,
          restartCount: 0,
          state: ended ? { terminated } : {},
          lastState: {},
        },
      ],
    },
  }
  return { pod, gone, released: false }
}

const conditionTypes = ({ status }: JobPlan): string[] => (status.conditions ?? []).map(({ type }) => type)

describe('planJob', () => {
  it('starts a new Job with one pod', () => {
    const { create, status } = plan(jobOf({}, {}))
    expect(create).toHaveLength(1)
    expect(status).toMatchObject({ startTime: '2026-01-01T00:00:00Z', active: 1, ready: 0 })
  })

  it.each([
    [1, 10],
    [2, 20],
    [3, 40],
    [4, 60],
    [5, 60],
  ])('after %i failures in a row waits %i seconds before the next pod', (failures, wanted) => {
    const pods = Array.from({ length: failures }, () => podIn('Failed', { endedAt: 100 }))
    const { create, wakeAfterMs } = plan(jobOf(), pods, 101)
    expect(create).toEqual([])
    expect(wakeAfterMs).toBe((wanted - 1) * 1000)
    expect(plan(jobOf(), pods, 100 + wanted).create).toHaveLength(1)
  })

  it('backs off anew after a success', () => {
    const pods = [podIn('Failed', { endedAt: 1 }), podIn('Succeeded', { endedAt: 2 }), podIn('Failed', { endedAt: 3 })]
    expect(plan(jobOf({ completions: 2 }), pods, 4).wakeAfterMs).toBe(9000)
  })

  it('wakes for the deadline when that comes before the end of the back-off', () => {
    expect(plan(jobOf({ activeDeadlineSeconds: 5 }), [podIn('Failed')], 1).wakeAfterMs).toBe(4000)
  })

  it.each([
    { title: 'a pod that is being deleted', traits: { deleted: true } },
    { title: 'a pod that vanished', traits: { gone: true } },
  ])('counts $title as failed, and replaces it', ({ traits }) => {
    const { status, create } = plan(jobOf(), [podIn('Running', traits)], 60)
    expect(status.failed).toBe(1)
    expect(create).toHaveLength(1)
  })

  it('with podReplacementPolicy Failed waits for the real end of a pod', () => {
    const { status, create } = plan(
      jobOf({ podReplacementPolicy: 'Failed' }),
      [podIn('Running', { deleted: true })],
      60,
    )
    expect(status.failed).toBeUndefined()
    expect(status.terminating).toBe(1)
    expect(create).toEqual([])
  })

  it('does not count failures that the podFailurePolicy ignores, but backs off', () => {
    const rule: PodFailureRule = { action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } }
    const job = jobOf({ backoffLimit: 0, podFailurePolicy: { rules: [rule] } })
    const { status, wakeAfterMs } = plan(job, [podIn('Failed', { exitCode: 7 })], 1)
    expect(status.failed).toBeUndefined()
    expect(wakeAfterMs).toBe(9000)
  })

  it('ends a Job only when its last pod has ended', () => {
    const job = jobOf({ activeDeadlineSeconds: 5 })
    const running = podIn('Running')
    const first = plan(job, [running], 5)
    expect(conditionTypes(first)).toEqual(['FailureTarget'])
    expect(first.remove).toEqual([running.pod])
    expect(first.status).toMatchObject({ ready: 0, terminating: 1 })

    const told = { ...job, status: first.status }
    expect(conditionTypes(plan(told, [podIn('Running', { deleted: true })], 6))).toEqual(['FailureTarget'])
    expect(conditionTypes(plan(told, [podIn('Failed', { deleted: true })], 6))).toEqual(['FailureTarget', 'Failed'])
  })

  it('stands by its verdict when a pod succeeds meanwhile', () => {
    const job = jobOf({ activeDeadlineSeconds: 5 })
    const told = { ...job, status: plan(job, [podIn('Running')], 5).status }
    const last = plan(told, [podIn('Succeeded', { deleted: true })], 6)
    expect(conditionTypes(last)).toEqual(['FailureTarget', 'Failed'])
    expect(last.status.completionTime).toBeUndefined()
  })

  it('has no deadline while it is suspended', () => {
    const { status, create } = plan(jobOf({ suspend: true, activeDeadlineSeconds: 5 }), [], 60)
    expect(status.conditions?.map(({ reason }) => reason)).toEqual(['JobSuspended'])
    expect(create).toEqual([])
  })

  it('without completions is complete when one pod succeeded and the others ended', () => {
    const job = jobOf({ parallelism: 2 })
    expect(conditionTypes(plan(job, [podIn('Succeeded'), podIn('Running')]))).toEqual([])
    expect(plan(job, [podIn('Succeeded'), podIn('Running')]).create).toEqual([])
    expect(conditionTypes(plan(job, [podIn('Succeeded'), podIn('Failed')]))).toEqual(['SuccessCriteriaMet', 'Complete'])
  })

  it('gives up pods that have not started first when parallelism is lowered, and does not count them', () => {
    const waiting = podIn('Pending')
    const { remove, removedFail } = plan(jobOf({ parallelism: 1, completions: 3 }), [podIn('Running'), waiting])
    expect(remove).toEqual([waiting.pod])
    expect(removedFail).toBe(false)
  })

  it.each([
    [[0], '0'],
    [[0, 1], '0,1'],
    [[0, 2, 3, 4, 6], '0,2-4,6'],
  ])('writes the completed indexes %j as %j', (indexes, want) => {
    const pods = indexes.map((index) => {
      const { pod } = podIn('Succeeded')
      const annotations = { 'batch.kubernetes.io/job-completion-index': String(index) }
      return { pod: { ...pod, metadata: { ...pod.metadata, annotations } }, gone: false, released: false }
    })
    const { status, create } = plan(jobOf({ completionMode: 'Indexed', completions: 8, parallelism: 2 }), pods)
    expect(status.completedIndexes).toBe(want)
    expect(create).toHaveLength(2)
    expect(indexes).not.toContain(create[0])
  })
})
