import { describe, expect, it } from 'vitest'
import type { KubeObject, ResourceName } from '../../store/types.ts'
import { columns } from './columns.ts'

const now = new Date('2026-11-23T08:02:00Z')

function row(resource: ResourceName, fields: object): unknown[] {
  const metadata = { name: 'a', uid: '', resourceVersion: '1', creationTimestamp: '2026-11-23T08:00:00Z' }
  const object: KubeObject = { apiVersion: 'v1', kind: 'Any', metadata, ...fields }
  return columns[resource].filter(({ priority }) => priority === 0).map(({ cell }) => cell(object, now))
}

const condition = (type: string, status = 'True') => ({ conditions: [{ type, status }] })

const container = (state: object, rest: object = {}) => ({
  containerStatuses: [{ state, restartCount: 2, ready: false, ...rest }],
})

describe('a row', () => {
  it.each([
    [{ spec: { completions: 1 }, status: {} }, ['a', 'Running', '0/1', '', '2m']],
    [{ spec: { completions: 1 }, status: { startTime: '2026-11-23T08:01:00Z' } }, ['a', 'Running', '0/1', '60s', '2m']],
    [
      {
        spec: { completions: 1 },
        status: {
          ...condition('Complete'),
          succeeded: 1,
          startTime: '2026-11-23T08:00:00Z',
          completionTime: '2026-11-23T08:00:09Z',
        },
      },
      ['a', 'Complete', '1/1', '9s', '2m'],
    ],
    [{ spec: { completions: 1 }, status: condition('Failed') }, ['a', 'Failed', '0/1', '', '2m']],
    [{ spec: { completions: 1 }, status: condition('Failed', 'False') }, ['a', 'Running', '0/1', '', '2m']],
    [{ spec: { completions: 1 }, status: condition('Suspended') }, ['a', 'Suspended', '0/1', '', '2m']],
    [{ spec: { completions: 1 }, status: condition('FailureTarget') }, ['a', 'FailureTarget', '0/1', '', '2m']],
    [{ spec: { parallelism: 3 }, status: {} }, ['a', 'Running', '0/1 of 3', '', '2m']],
    [{ spec: { parallelism: 1 }, status: {} }, ['a', 'Running', '0/1', '', '2m']],
  ])('of a Job with %j', (fields, cells) => {
    expect(row('jobs', fields)).toEqual(cells)
  })

  const spec = { containers: [{ name: 'main' }] }

  it.each([
    [{ phase: 'Pending' }, ['a', '0/1', 'Pending', '0', '2m']],
    [{ phase: 'Running', ...container({ running: {} }, { ready: true }) }, ['a', '1/1', 'Running', '2', '2m']],
    [
      { phase: 'Pending', ...container({ waiting: { reason: 'ErrImagePull' } }) },
      ['a', '0/1', 'ErrImagePull', '2', '2m'],
    ],
    [
      { phase: 'Succeeded', ...container({ terminated: { reason: 'Completed', exitCode: 0 } }) },
      ['a', '0/1', 'Completed', '2', '2m'],
    ],
    [{ phase: 'Failed', ...container({ terminated: { exitCode: 3 } }) }, ['a', '0/1', 'ExitCode:3', '2', '2m']],
    [{ phase: 'Failed', ...container({ terminated: { signal: 9 } }) }, ['a', '0/1', 'Signal:9', '2', '2m']],
    [{ phase: 'Failed', reason: 'DeadlineExceeded' }, ['a', '0/1', 'DeadlineExceeded', '0', '2m']],
    [{ phase: 'Pending', initContainerStatuses: [{ state: { running: {} } }] }, ['a', '0/1', 'Init:0/1', '0', '2m']],
    [
      { phase: 'Pending', initContainerStatuses: [{ state: { terminated: { exitCode: 1, reason: 'Error' } } }] },
      ['a', '0/1', 'Init:Error', '0', '2m'],
    ],
  ])('of a pod with %j', (status, cells) => {
    expect(row('pods', { spec, status })).toEqual(cells)
  })

  it('of a pod that is being deleted', () => {
    const metadata = { name: 'a', deletionTimestamp: '2026-11-23T08:00:00Z' }
    expect(row('pods', { metadata, spec, status: { phase: 'Running' } })).toContain('Terminating')
  })

  it('of an event', () => {
    const event = {
      lastTimestamp: '2026-11-23T08:01:50Z',
      type: 'Warning',
      reason: 'Failed',
      message: 'no such image\n',
    }
    expect(row('events', { ...event, involvedObject: { kind: 'Pod', name: 'p' } })).toEqual([
      '10s',
      'Warning',
      'Failed',
      'pod/p',
      'no such image',
    ])
  })
})
