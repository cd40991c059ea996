/** What holds for every alert and every manifest, from a webhook's text to a Job that Kubernetes accepts, without any process. */
import {
  type Alert,
  buildJob,
  identify,
  isInvalid,
  type JobManifest,
  operarioAddress,
  type OperarioConfigMap,
  parseWebhook,
  readOperario,
  type Run,
  runSchema,
  type Webhook,
} from '@opifer/core'
import { validateJob } from '@opifer/devcluster'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { validManifest, brokenManifest, webhookText } from './harness/arbitraries.ts'

const SETTINGS = { namespace: 'default', ttlSeconds: 300, labels: { app: 'openfero' } }
/** The time limit bounds the shrinking of a failure. */
const RUNS = { numRuns: 500, interruptAfterTimeLimit: 20_000 }

test('any JSON is parsed as a webhook with all its alerts or rejected with reasons', () => {
  fc.assert(
    fc.property(fc.oneof(webhookText, fc.json()), (text) => {
      const input = JSON.parse(text) as { alerts: unknown[] }
      const parsed = parseWebhook(input)
      const isKept = parsed.ok && parsed.webhook.alerts.length === input.alerts.length
      const isRejected = !parsed.ok && parsed.errors.length > 0
      expect(isKept || isRejected).toBe(true)
    }),
    RUNS,
  )
})

test('a run survives serialization in the queue unchanged', () => {
  fc.assert(
    fc.property(webhookText, (text) => {
      const runs = runsOf(text)
      const read = runs.map((run) => runSchema.parse(JSON.parse(JSON.stringify(run))))
      expect(sortedJson(read)).toBe(sortedJson(runs))
    }),
    RUNS,
  )
})

test('a valid manifest becomes a valid Job for any alert', () => {
  fc.assert(
    fc.property(webhookText, validManifest, (text, manifest) => {
      const errors = buildAll(text, manifest).map((built) => ('job' in built ? validateJob(built.job) : built.reason))
      expect(errors).toEqual(errors.map(() => []))
    }),
    RUNS,
  )
})

test("every container has the alert's variables first, then the author's, unchanged", () => {
  fc.assert(
    fc.property(webhookText, validManifest, (text, manifest) => {
      for (const built of buildAll(text, manifest)) {
        const envs = 'job' in built ? envsOf(built.job) : []
        const injected = envs[0]?.filter(({ name }) => /^(OPENFERO|OPIFER)_/.test(name)) ?? []
        const names = new Set(injected.map(({ name }) => name))
        expect(names).toContain('OPENFERO_ALERTNAME')
        const authors = envsOf(manifest).map((env) => env.filter(({ name }) => !names.has(name)))
        expect(envs).toEqual(authors.map((env) => [...injected, ...env]))
      }
    }),
    RUNS,
  )
})

test('a broken manifest is rejected with a reason, unless it is still valid or only the API server can reject it', () => {
  const kinds = { rejected: 0, valid: 0, leftToServer: 0 }
  fc.assert(
    fc.property(webhookText, brokenManifest, (text, manifest) => {
      for (const built of buildAll(text, manifest)) {
        const kind = 'reason' in built ? 'rejected' : validateJob(built.job).length === 0 ? 'valid' : 'leftToServer'
        kinds[kind] += 1
        const reasons = 'reason' in built ? [built.reason] : validateJob(authorsOwn(manifest))
        expect(kind === 'valid' || reasons.some(Boolean)).toBe(true)
      }
    }),
    RUNS,
  )
  expect(Math.min(...Object.values(kinds))).toBeGreaterThan(0)
})

function runsOf(text: string): Run[] {
  const parsed = parseWebhook(JSON.parse(text))
  if (!parsed.ok) return []
  const { webhook } = parsed
  return webhook.alerts.map((alert) => runOf(webhook, alert))
}

function runOf({ receiver, groupKey }: Webhook, alert: Webhook['alerts'][number]): Run {
  const id = '0a3b8f2e-5c55-4c9b-9c0a-6f6f0e4d2b11'
  const { dedupId, alertKey } = identify({ receiver, groupKey }, alert, 'alert')
  return { id, dedupId, alertKey, receiver, groupKey, receivedAt: 0, alert }
}

type Built = { job: JobManifest } | { reason: string }

/** What each valid alert of a webhook leads to. */
function buildAll(text: string, manifest: object): Built[] {
  return runsOf(text).flatMap((run) => (isInvalid(run.alert) ? [] : [buildOne(run, run.alert, manifest)]))
}

/** Everything between the watch of ConfigMaps and the call that creates the Job. */
function buildOne(run: Run, alert: Alert, manifest: object): Built {
  const address = operarioAddress(alert) ?? { configMap: 'openfero-x-firing', key: 'x' }
  const configMap: OperarioConfigMap = {
    metadata: { namespace: 'default', name: address.configMap, resourceVersion: '1' },
    data: { [address.key]: JSON.stringify(manifest) },
  }
  const resolution = readOperario(configMap, address)
  if (resolution.kind !== 'found') return { reason: resolution.reason }
  const { operario } = resolution
  const before = structuredClone(operario)
  const build = buildJob({ run, alert, operario, number: 0 }, SETTINGS)
  // One Operario serves many runs, so a build must not change it.
  expect(operario).toEqual(before)
  return build.ok ? { job: build.job } : { reason: build.reason }
}

function envsOf(job: object): { name: string }[][] {
  const { containers = [], initContainers = [] } = (job as JobManifest).spec?.template.spec ?? {}
  return [...initContainers, ...containers].map(({ env = [] }) => env)
}

/** The author's manifest without Opifer's changes, except for the name and the restart policy that Opifer sets. */
function authorsOwn(manifest: object): unknown {
  const { metadata, spec } = manifest as JobManifest
  const { generateName: _, resourceVersion: __, ...rest } = metadata ?? {}
  const pod = spec?.template.spec
  const template = { ...spec?.template, spec: { ...pod, restartPolicy: pod?.restartPolicy ?? 'Never' } }
  return { ...manifest, metadata: { ...rest, name: 'any', namespace: 'default' }, spec: { ...spec, template } }
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
