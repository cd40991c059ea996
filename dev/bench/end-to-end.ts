import { setTimeout as sleep } from 'node:timers/promises'
import { LABEL } from '@opifer/core'
import { request } from 'undici'
import { webhookText, writeNumber } from './alerts.ts'
import type { Bench } from './bench.ts'
import { openCluster } from './cluster.ts'
import { connectKube, jobsPath, type Kube } from '@opifer/testkit'
import { percentile } from './measure.ts'
import { sampleJob } from './operario.ts'
import { compared, type Figure, figure } from './targets.ts'

/** Pause between two webhooks, so that the first is finished. */
const PAUSE_MS = 40

/** Time from a webhook until its Job is visible to a watch; the baseline is a bare create. */
export async function measureEndToEnd(bench: Bench): Promise<Figure[]> {
  const { kubeconfig } = await openCluster(bench)
  await bench.start('worker', { flags: [`--kubeconfig=${kubeconfig}`] })
  const ingest = await bench.start('ingest')
  const kube = await connectKube(kubeconfig)
  bench.onClose(() => kube.close())
  const sight = await watchForJobs(bench, kube)
  const createBare = bareCreate(kube)

  const viaOpifer: number[] = []
  const bare: number[] = []
  const webhooks = bench.quick ? 50 : 300
  for (let number = -WARM_UP; number < webhooks; number++) {
    const opiferMs = await timeUntil(sight, () => postWebhook(`${ingest.url}/alerts`, number + WARM_UP))
    const bareMs = await timeUntil(sight, () => createBare(`bench-bare-${process.pid}-${number + WARM_UP}`))
    if (number < 0) continue
    viaOpifer.push(opiferMs)
    bare.push(bareMs)
  }
  const overhead = viaOpifer.map((ms, index) => ms - (bare[index] ?? Number.NaN))
  return [
    ...[0.5, 0.99].map((share) =>
      compared(`end-to-end.p${share * 100}`, 'ms', [percentile(viaOpifer, share)], [percentile(bare, share)]),
    ),
    figure('end-to-end.overhead', percentile(overhead, 0.5), 'ms'),
  ]
}

const WARM_UP = 30

/** Resolves with the time at which the Job with this name, or of this run, first appeared. */
type Sight = (key: string) => Promise<number>

async function watchForJobs(bench: Bench, kube: Kube): Promise<Sight> {
  const sights = new Map<string, PromiseWithResolvers<number>>()
  const sightOf = (key: string) => {
    const sight = sights.get(key) ?? Promise.withResolvers<number>()
    sights.set(key, sight)
    return sight
  }
  const stop = await kube.watch(jobsPath(kube.namespace), {
    onEvent({ object: { metadata } }) {
      const seenAt = performance.now()
      for (const key of [metadata.name, metadata.labels?.[LABEL.runId]]) if (key) sightOf(key).resolve(seenAt)
    },
  })
  bench.onClose(async () => stop())
  return (key) => sightOf(key).promise
}

async function timeUntil(sight: Sight, start: () => Promise<string>): Promise<number> {
  await sleep(PAUSE_MS)
  const startedAt = performance.now()
  return (await sight(await start())) - startedAt
}

async function postWebhook(url: string, number: number): Promise<string> {
  const { bytes, offsets } = webhookText(1)
  writeNumber(bytes, offsets[0] ?? [], number)
  const headers = { 'content-type': 'application/json' }
  const { body } = await request(url, { method: 'POST', headers, body: bytes })
  const { alerts } = (await body.json()) as { alerts: { runId: string }[] }
  return alerts[0]?.runId ?? ''
}

function bareCreate(kube: Kube): (name: string) => Promise<string> {
  const job = sampleJob(kube.namespace)
  const { [LABEL.runId]: _, ...labels } = job.metadata.labels ?? {}
  return async (name) => {
    await kube.call('POST', jobsPath(kube.namespace), { ...job, metadata: { ...job.metadata, labels, name } })
    return name
  }
}
