/**
 * The worker's Role, compared with what workers request from the API server when they use all their features. The harness
 * checks that they request nothing else in any other test.
 */
import { createRunFlags } from '@opifer/queue'
import { PATIENCE } from '@opifer/testkit'
import { Redis } from 'ioredis'
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { makeGate } from '../harness/gate.ts'
import { makeOperario, shell, succeed } from '../harness/operario.ts'
import { assertGranted, type Right, rightsOf, rightsUsed } from '@opifer/devcluster'
import { startSystem, type System } from '../harness/system.ts'
import { firing } from '../harness/webhook.ts'
import { kustomizeIsMissing, render } from './kustomize.ts'

const gate = makeGate()
let system: System

beforeAll(async () => {
  const metadata = { labels: { app: 'openfero' }, annotations: { 'opifer.io/cooldown': '0' } }
  const operarios = [
    makeOperario('Succeeds', succeed),
    makeOperario('Fails', shell('echo last words; exit 3'), { metadata }),
    makeOperario('TakesLong', gate.command),
  ]
  system = await startSystem({ operarios })
})

afterAll(async () => {
  await system.stop()
  await gate.remove()
})

test.skipIf(kustomizeIsMissing())("the worker's Role grants exactly what workers request", async () => {
  await succeedFailAndCollide()
  await cancelOne()
  await warnTwice()
  const requests = system.cluster.audit
    .entries()
    .filter(({ userAgent, resource }) => resource && userAgent === 'opifer-worker')
  expect(new Set(requests.map(({ namespace }) => namespace))).toEqual(new Set(['default']))
  expect(requests.filter(({ code }) => code === 403)).toEqual([])
  expect(rightsUsed(requests)).toEqual(await granted())
})

test('a request beyond the Role fails a test', async () => {
  const entry = { time: '', path: '', code: 200, userAgent: 'opifer-worker', verb: 'delete', resource: 'pods' }
  await expect(assertGranted([entry])).rejects.toThrow('does not grant: delete pods')
  await assertGranted([{ ...entry, userAgent: 'kubectl' }])
})

/** A Job that succeeds, one that fails with log lines, and one whose name is taken because Redis lost the previous run. */
async function succeedFailAndCollide(): Promise<void> {
  expect((await system.run(firing('Fails'))).result.log).toBe('last words')
  for (const expected of [1, 2]) {
    expect((await system.run(firing('Succeeds'))).result.outcome).toBe('succeeded')
    expect(await system.jobs('Succeeds')).toHaveLength(expected)
    await system.redis.flush()
  }
  // An unanswered create: the run looks up the Job that it may have created.
  system.cluster.faults.add({ verb: 'create', resource: 'jobs', times: 1, fault: { type: 'commit-then-cut' } })
  expect((await system.run(firing('Succeeds', { instance: 'cut' }))).result.outcome).toBe('succeeded')
}

async function cancelOne(): Promise<void> {
  const redis = new Redis(system.redis.url)
  onTestFinished(() => redis.disconnect())
  const [receipt] = await system.post(firing('TakesLong'))
  const runId = receipt?.runId ?? ''
  await vi.waitFor(async () => expect((await system.runs.find(runId))?.job).toBeDefined(), PATIENCE)
  await createRunFlags(redis, '{opifer}').requestCancel(runId, 'a test')
  await vi.waitFor(() => system.runs.promote(runId), PATIENCE)
  expect((await system.runs.end(runId)).result.outcome).toBe('cancelled')
}

/** The first warning about an Operario creates an Event, the next one increments its count. */
async function warnTwice(): Promise<void> {
  await system.run(firing('Fails', { instance: 'again' }))
  const verbs = () => system.cluster.audit.entries().flatMap((entry) => (entry.resource === 'events' ? entry.verb : []))
  await vi.waitFor(() => expect(verbs()).toContain('patch'), { ...PATIENCE, timeout: 25_000 })
}

async function granted(): Promise<Set<Right>> {
  const [role, ...others] = (await render('overlays/prod')).filter(({ kind }) => kind === 'Role') as unknown as IRole[]
  expect(others).toEqual([])
  return rightsOf(role)
}
