/** What holds for every alert and every manifest, without any process: from a webhook's text to a Job that Kubernetes takes. */
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
import { soundManifest, spoiltManifest, webhookText } from './harness/arbitraries.ts'

const SETTINGS = { namespace: 'default', ttlSeconds: 300, labels: { app: 'openfero' } }
/** The limit is for a failure: its example is made small only for so long. */
const RUNS = { numRuns: 500, interruptAfterTimeLimit: 20_000 }

test('any JSON is a webhook or refused with reasons, and no alert of a webhook gets lost', () => {
  fc.assert(
    fc.property(fc.oneof(webhookText, fc.json()), (text) => {
      const input = JSON.parse(text) as { alerts: unknown[] }
      const parsed = parseWebhook(input)
      const isKept = parsed.ok && parsed.webhook.alerts.length === input.alerts.length
      const isRefused = !parsed.ok && parsed.errors.length > 0
      expect(isKept || isRefused).toBe(true)
    }),
    RUNS,
  )
})

test('a run comes out of the queue as it went in', () => {
  fc.assert(
    fc.property(webhookText, (text) => {
      const runs = runsOf(text)
      const read = runs.map((run) => runSchema.parse(JSON.parse(JSON.stringify(run))))
      expect(sortedJson(read)).toBe(sortedJson(runs))
    }),
    RUNS,
  )
})

test('a sound manifest becomes a Job that the API server takes, whatever the alert', () => {
  fc.assert(
    fc.property(webhookText, soundManifest, (text, manifest) => {
      const faults = makeAll(text, manifest).map((made) => ('job' in made ? validateJob(made.job) : made.reason))
      expect(faults).toEqual(faults.map(() => []))
    }),
    RUNS,
  )
})

test("in such a Job every container has the alert's variables first, and behind them the author's as they were", () => {
  fc.assert(
    fc.property(webhookText, soundManifest, (text, manifest) => {
      for (const made of makeAll(text, manifest)) {
        const envs = 'job' in made ? envsOf(made.job) : []
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

test("a spoilt manifest is refused with a reason, unless it is sound all the same or its faults are the API server's to find", () => {
  const kinds = { refused: 0, sound: 0, left: 0 }
  fc.assert(
    fc.property(webhookText, spoiltManifest, (text, manifest) => {
      for (const made of makeAll(text, manifest)) {
        const kind = 'reason' in made ? 'refused' : validateJob(made.job).length === 0 ? 'sound' : 'left'
        kinds[kind] += 1
        const reasons = 'reason' in made ? [made.reason] : validateJob(authorsOwn(manifest))
        expect(kind === 'sound' || reasons.some(Boolean)).toBe(true)
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

type Made = { job: JobManifest } | { reason: string }

/** What each alert of a webhook leads to that nothing is wrong with in itself. */
function makeAll(text: string, manifest: object): Made[] {
  return runsOf(text).flatMap((run) => (isInvalid(run.alert) ? [] : [make(run, run.alert, manifest)]))
}

/** All that happens between the watch of ConfigMaps and the call that creates the Job. */
function make(run: Run, alert: Alert, manifest: object): Made {
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
  // One Operario serves many runs.
  expect(operario).toEqual(before)
  return build.ok ? { job: build.job } : { reason: build.reason }
}

function envsOf(job: object): { name: string }[][] {
  const { containers = [], initContainers = [] } = (job as JobManifest).spec?.template.spec ?? {}
  return [...initContainers, ...containers].map(({ env = [] }) => env)
}

/** The author's manifest as it would be without Opifer, under a name and with a restart policy as Opifer gives them. */
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
