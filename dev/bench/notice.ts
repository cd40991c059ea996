import { setTimeout as sleep } from 'node:timers/promises'
import { LABEL } from '@opifer/core'
import type { AuditEntry } from '@opifer/devcluster'
import { RUNS } from '@opifer/queue'
import { QueueEvents } from 'bullmq'
import { Redis } from 'ioredis'
import { type Bench, QUEUE_PREFIX } from './bench.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { connectKube, jobsPath, type Kube, type KubeWatchEvent } from '@opifer/testkit'
import { percentile } from './measure.ts'
import { fill, startFiller, until } from './runs.ts'
import { compared, type Figure, figure } from './targets.ts'

const JOBS_PER_SECOND = 50

/**
 * Time from the end of a Job until the outcome of its run is recorded; the baseline is a bare watch that reports that end.
 * Both start before the status is sent, so they include the API server's part.
 */
export async function measureNotice(bench: Bench): Promise<Figure[]> {
  const cluster = await openCluster(bench)
  await bench.start('worker', { flags: [`--kubeconfig=${cluster.kubeconfig}`] })
  const kube = await connectKube(cluster.kubeconfig)
  bench.onClose(() => kube.close())
  const jobs = bench.quick ? 200 : 600
  await fill(await startFiller(bench), jobs)
  await until(() => bench.queue.getDelayedCount(), jobs)
  const recorded = await listenForOutcomes(bench)
  const shown = await listenForEnds(bench, kube)
  const sent = await endJobs(kube, cluster)
  await until(async () => recorded.size, jobs)

  const delays = delaysAfter(sent, recorded)
  const bare = delaysAfter(sent, shown)
  return [
    ...[0.5, 0.99].map((share) =>
      compared(`notice.p${share * 100}`, 'ms', [percentile(delays, share)], [percentile(bare, share)]),
    ),
    ...(cluster.audit
      ? [figure('notice.calls', cluster.audit.entries().filter(isOfOneRun).length / jobs, 'calls')]
      : []),
  ]
}

/** Times are milliseconds since the epoch, by run. */
type Times = Map<string, number>

/** When outcomes were recorded, by the clock of Redis: the id of a stream entry contains the time. */
async function listenForOutcomes(bench: Bench): Promise<Times> {
  const connection = new Redis(bench.redisUrl, { maxRetriesPerRequest: null })
  const events = new QueueEvents(RUNS.name, { connection, prefix: QUEUE_PREFIX })
  bench.onClose(() => events.close().finally(() => connection.disconnect()))
  const times: Times = new Map()
  events.on('completed', ({ jobId }, id) => void times.set(jobId, Number(id.split('-')[0])))
  await events.waitUntilReady()
  return times
}

async function listenForEnds(bench: Bench, kube: Kube): Promise<Times> {
  const times: Times = new Map()
  const stop = await kube.watch(jobsPath(kube.namespace), {
    onEvent({ type, object }) {
      const runId = object.metadata.labels?.[LABEL.runId]
      if (type === 'MODIFIED' && runId !== undefined) times.set(runId, Date.now())
    },
  })
  bench.onClose(async () => stop())
  return times
}

/** Completes all Jobs at an even rate, as the Job controller would. */
async function endJobs(kube: Kube, cluster: Cluster): Promise<Times> {
  const path = jobsPath(kube.namespace)
  const { items } = await kube.call<{ items: KubeWatchEvent['object'][] }>(
    'GET',
    `${path}?labelSelector=${LABEL.runId}`,
  )
  const startedAt = performance.now()
  const sent: Times = new Map()
  for (const [index, { metadata }] of items.entries()) {
    await sleep(Math.max(0, startedAt + (index / JOBS_PER_SECOND) * 1_000 - performance.now()))
    sent.set(metadata.labels?.[LABEL.runId] ?? '', Date.now())
    await cluster.setStatus(metadata.name, completeStatus())
  }
  return sent
}

function completeStatus() {
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
    type,
    status: 'True',
    reason: 'CompletionsReached',
    lastProbeTime: time,
    lastTransitionTime: time,
  }))
  return { startTime: time, completionTime: time, succeeded: 1, ready: 0, terminating: 0, conditions }
}

function delaysAfter(sent: Times, seen: Times): number[] {
  return [...sent].flatMap(([runId, at]) => {
    const time = seen.get(runId)
    return time === undefined ? [] : [time - at]
  })
}

/** A worker's call other than its shared lists and watches. */
function isOfOneRun({ userAgent, verb, resource }: AuditEntry): boolean {
  const isShared = (verb === 'list' || verb === 'watch') && resource !== 'pods'
  return userAgent.startsWith('opifer-worker') && !isShared
}
