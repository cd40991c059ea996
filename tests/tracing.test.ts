/** Traces lead from a webhook to the outcome of its runs through real processes, and cost nothing when they are off. */
import type { ServerResponse } from 'node:http'
import { freePort, PATIENCE } from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type CollectedSpan, type Collector, startCollector } from './harness/collector.ts'
import { makeOperario, shell, succeed } from './harness/operario.ts'
import { startSystem, type System, type SystemOptions } from './harness/system.ts'
import { firing, makeAlert, makeWebhook } from './harness/webhook.ts'

const OPERARIOS = [
  makeOperario('Succeeds', succeed),
  makeOperario('Retried', succeed),
  makeOperario('Fails', shell('exit 3')),
]
/** Exports spans at once instead of every five seconds. */
const AT_ONCE = { OTEL_BSP_SCHEDULE_DELAY: '50' }

describe('With a collector', () => {
  let collector: Collector
  let system: System

  beforeAll(async () => {
    collector = await startCollector()
    system = await startSystem({
      operarios: OPERARIOS,
      // Ingest gets the endpoint by flag, workers by the variable.
      env: { ...AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
      ingestFlags: [`--otlpEndpoint=${collector.endpoint}/`, '--authBearerToken=s3cret-token'],
    })
  })
  afterAll(async () => {
    await system.stop()
    await collector.stop()
  })

  test('a webhook and its runs are one trace across ingest and worker', async () => {
    const { id } = await system.run(firing('Succeeds'))
    const last = await ended(collector, 'Succeeds')
    const trace = await vi.waitFor(() => {
      const spans = collector.spans.filter(({ traceId }) => traceId === last.traceId)
      expect(tree(spans)).toEqual([
        'POST /alerts',
        '  addBulk runs',
        '    process runs',
        '      create jobs',
        '    process runs',
      ])
      return spans
    }, PATIENCE)
    const first = trace.find(({ name }) => name === 'POST /alerts')
    expect(first).toMatchObject({
      service: 'opifer-ingest',
      attributes: { 'http.response.status_code': 202, 'opifer.alerts': 1 },
    })
    expect(last).toMatchObject({
      service: 'opifer-worker',
      attributes: {
        'opifer.run.id': id,
        'opifer.alertname': 'Succeeds',
        'opifer.outcome': 'succeeded',
        'opifer.group_key.hash': first?.attributes['opifer.group_key.hash'],
      },
    })
    // Nothing else that a process does is traced.
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([last.traceId]))
  })

  test('simultaneous webhooks have separate traces', async () => {
    const instances = Array.from({ length: 8 }, (_, index) => `at-once-${index}`)
    const receipts = await Promise.all(instances.map((instance) => system.post(firing('Succeeds', { instance }))))
    for (const [receipt] of receipts) {
      const { id } = await system.runs.end(receipt?.runId ?? '')
      await vi.waitFor(() => {
        const { traceId } = spanOf(collector.spans, ({ attributes }) => attributes['opifer.run.id'] === id)
        const spans = collector.spans.filter((span) => span.traceId === traceId)
        const runs = spans.flatMap(({ attributes }) => attributes['opifer.run.id'] ?? [])
        expect(new Set(runs)).toEqual(new Set([id]))
        expect(spans.filter(({ name }) => name === 'POST /alerts')).toHaveLength(1)
      }, PATIENCE)
    }
  })

  test('a retried run stays in the trace of its webhook', async () => {
    system.cluster.faults.add({ verb: 'create', resource: 'jobs', fault: { type: 'status', code: 500 }, times: 1 })
    await system.run(firing('Retried'))
    const { traceId } = await ended(collector, 'Retried')
    await vi.waitFor(() => {
      const names = collector.spans.filter((span) => span.traceId === traceId).map(({ name }) => name)
      expect(names.filter((name) => name === 'create jobs')).toHaveLength(2)
      expect(names.filter((name) => name === 'POST /alerts')).toHaveLength(1)
    }, PATIENCE)
  })

  test('spans contain no label but the alertname, and no annotation, query, flag or error', async () => {
    const alert = makeAlert('Fails', { label: 's3cret-label' }, { annotations: { description: 's3cret-annotation' } })
    const response = await fetch(`${system.ingest.url}/alerts?key=s3cret-query`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: 'Bearer s3cret-token' },
      body: JSON.stringify(makeWebhook([alert], { groupKey: 's3cret-group', receiver: 's3cret-receiver' })),
    })
    await response.text()
    const { traceId } = await ended(collector, 'Fails')
    await vi.waitFor(
      () => spanOf(collector.spans, (span) => span.traceId === traceId && span.name === 'POST /alerts'),
      PATIENCE,
    )
    expect(collector.bodies.join('\n')).not.toContain('s3cret')
  })
})

test('OTEL_TRACES_SAMPLER decides which traces are exported', async () => {
  const collector = await makeCollector()
  const env = { ...AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_TRACES_SAMPLER: 'always_off' }
  const system = await makeSystem({ env })
  await system.run(firing('Succeeds'))
  await Promise.all([system.ingest.stop(), ...system.workers.map((worker) => worker.stop())])
  expect(collector.spans).toEqual([])
})

describe.each([
  { state: 'down', answer: undefined },
  { state: 'silent', answer: () => {} },
  { state: 'failing', answer: (response: ServerResponse) => void response.writeHead(500).end() },
])('A collector that is $state', ({ state, answer }) => {
  test(`a collector that is ${state} delays no alert, answer or shutdown`, async () => {
    const endpoint = answer ? (await makeCollector(answer)).endpoint : `http://127.0.0.1:${await freePort()}`
    const system = await makeSystem({ env: { ...AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } })
    const durations: number[] = []
    for (let number = 0; number < 20; number++) {
      const startedAt = performance.now()
      const [receipt] = await system.post(makeWebhook([makeAlert('Succeeds', { number: `${number}` })]))
      durations.push(performance.now() - startedAt)
      expect((await system.runs.end(receipt?.runId ?? '')).result.outcome).toBe('succeeded')
    }
    // Below the timeout of an export, ten seconds.
    expect(Math.max(...durations)).toBeLessThan(5_000)
    if (state !== 'silent') await system.ingest.waitForLine(/trace export failing/, 25_000)

    const stoppedAt = performance.now()
    const codes = await Promise.all([system.ingest.stop(), ...system.workers.map((worker) => worker.stop())])
    expect(codes).toEqual([0, 0])
    expect(performance.now() - stoppedAt).toBeLessThan(5_000)
  })
})

test('without an endpoint, no OpenTelemetry package is loaded except the API that prom-client depends on', async () => {
  const hook = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(specifier, context, next) {
      const resolved = next(specifier, context)
      if (/node_modules.(@opentelemetry.(?!api)|@hono.otel|bullmq-otel)./.test(resolved.url)) process.stderr.write('loaded ' + resolved.url + '\\n')
      return resolved
    } })`
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` }
  expect(loaded(await makeSystem({ env }))).toEqual([false, false])
  const traced = ['--otlpEndpoint=http://127.0.0.1:9']
  // The hook does report it when it is loaded.
  expect(loaded(await makeSystem({ env, ingestFlags: traced, workerFlags: traced }))).toEqual([true, true])
})

/** Which processes have loaded it. */
function loaded({ ingest, workers }: System): boolean[] {
  return [ingest, ...workers].map(({ lines }) => lines.some((line) => line.startsWith('loaded ')))
}

async function makeCollector(answer?: (response: ServerResponse) => void) {
  const collector = await startCollector(answer)
  onTestFinished(() => collector.stop())
  return collector
}

async function makeSystem(options: SystemOptions) {
  const system = await startSystem({ operarios: OPERARIOS, ...options })
  onTestFinished(() => system.stop())
  return system
}

/** The span of the attempt in which the run of this alert ended. */
function ended({ spans }: Collector, alertname: string): Promise<CollectedSpan> {
  return vi.waitFor(
    () =>
      spanOf(spans, ({ attributes }) => 'opifer.outcome' in attributes && attributes['opifer.alertname'] === alertname),
    PATIENCE,
  )
}

function spanOf(spans: readonly CollectedSpan[], matches: (span: CollectedSpan) => boolean): CollectedSpan {
  const span = spans.find(matches)
  if (!span) throw new Error(`no such span among ${spans.map(({ name }) => name).join(', ')}`)
  return span
}

/** The names of spans, each indented below its parent. */
function tree(spans: readonly CollectedSpan[], parent?: string, indent = ''): string[] {
  return spans
    .filter(({ parentSpanId }) => (parentSpanId || undefined) === parent)
    .flatMap(({ name, spanId }) => [indent + name, ...tree(spans, spanId, `${indent}  `)])
}
