/** The Kubernetes Events about Operarios that fail or can't work, and their cost. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findExecutable, PATIENCE } from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { readCounter } from './harness/metrics.ts'
import { makeOperario, shell, succeed } from './harness/operario.ts'
import { startSystem, type System } from './harness/system.ts'
import { firing, makeAlert, makeWebhook } from './harness/webhook.ts'

const kubectl = findExecutable('kubectl')
if (kubectl === undefined) console.warn('kubectl is not on the PATH: its output is not tested.')

const OPERARIOS = [
  makeOperario('Succeeds', succeed),
  ...['Fails', 'Shown', 'Storm', 'Refused'].map((alertname) => makeOperario(alertname, shell('exit 3'))),
  makeOperario('Broken', succeed, { manifest: 'no manifest' }),
]

describe('Kubernetes Events', () => {
  let system: System

  beforeAll(async () => {
    system = await startSystem({ operarios: OPERARIOS })
  })
  afterAll(() => system.stop())

  test('a failed run writes an Event on the ConfigMap of its Operario, with run, alertname and exit code', async () => {
    const { id } = await system.run(firing('Fails'))
    const event = await eventOf(system, 'openfero-fails-firing')
    expect(event).toMatchObject({ type: 'Warning', reason: 'RunFailed', count: 1 })
    expect(event['message']).toMatch(new RegExp(`^run ${id} of Fails \\(firing\\): .*exit code 3$`))
  })

  test('an invalid Operario gets an Event that says why', async () => {
    await system.run(firing('Broken'))
    const event = await eventOf(system, 'openfero-broken-firing')
    expect(event).toMatchObject({ type: 'Warning', reason: 'OperarioInvalid', count: 1 })
    expect(event['message']).toContain('is not a Job manifest')
  })

  test.skipIf(kubectl === undefined)('kubectl describe shows the Events of an Operario', async () => {
    await system.run(firing('Shown'))
    await eventOf(system, 'openfero-shown-firing')
    const args = ['--kubeconfig', system.kubeconfig, 'describe', 'configmap', 'openfero-shown-firing']
    // The cluster is in this process, so a synchronous call would keep it from answering.
    const { stdout } = await promisify(execFile)(kubectl ?? '', args)
    expect(stdout).toMatch(/Warning\s+RunFailed\s+\S+.*opifer-worker\s+run \S+ of Shown/)
  })

  test('many failed runs share one Event with a count', async () => {
    const before = eventCalls(system)
    const alerts = Array.from({ length: 30 }, (_, number) => makeAlert('Storm', { number: `${number}` }))
    const receipts = await system.post(makeWebhook(alerts))
    await Promise.all(receipts.map(({ runId }) => system.runs.end(runId, { timeout: 30_000 })))
    const isCounted = async () => expect(await eventOf(system, 'openfero-storm-firing')).toMatchObject({ count: 30 })
    await vi.waitFor(isCounted, { ...PATIENCE, timeout: 25_000 })
    expect(warnings(system, 'openfero-storm-firing')).toHaveLength(1)
    expect(eventCalls(system) - before).toBeLessThanOrEqual(5)
  })

  test('a run that succeeds writes no Event and costs one create', async () => {
    const before = calls(system).length
    await system.run(firing('Succeeds'))
    const ofRun = calls(system).slice(before)
    expect(ofRun.filter((call) => !/^(list|watch) (configmaps|jobs)$/.test(call))).toEqual(['create jobs'])
  })

  test('an Event that can not be written is counted and does not affect the run', async () => {
    system.cluster.faults.add({ verb: 'create', resource: 'events', fault: { type: 'status', code: 403 } })
    expect((await system.run(firing('Refused'))).result.outcome).toBe('failed')
    const failures = () => readCounter('opifer_kube_events_total{result="failed"}', system.workers)
    await expect.poll(() => failures()).toBe(1)
    await system.workers[0]?.waitForLine(/"could not write Kubernetes Event"/)
  })
})

test('no Event is written with --kubeEvents=off', async () => {
  const system = await startSystem({ operarios: OPERARIOS, workerFlags: ['--kubeEvents=off'] })
  onTestFinished(() => system.stop())
  await system.run(firing('Fails'))
  await system.run(firing('Broken'))
  await system.workers[0]?.stop()
  expect(eventCalls(system)).toBe(0)
})

function warnings({ cluster }: System, configMap: string): Record<string, unknown>[] {
  return cluster.store.list('events').filter(({ involvedObject }) => {
    const { kind, name } = involvedObject as { kind: string; name: string }
    return kind === 'ConfigMap' && name === configMap
  })
}

function eventOf(system: System, configMap: string): Promise<Record<string, unknown>> {
  return vi.waitFor(() => {
    const [event] = warnings(system, configMap)
    if (!event) throw new Error(`no Event about ${configMap}`)
    return event
  }, PATIENCE)
}

function calls({ cluster }: System): string[] {
  return cluster.audit.entries().map(({ verb, resource }) => `${verb} ${resource}`)
}

function eventCalls(system: System): number {
  return calls(system).filter((call) => call.endsWith(' events')).length
}
