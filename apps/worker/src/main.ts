import type { JobSettings } from '@opifer/core'
import { createHistoryWriter, createPublishedOperarios, type HistoryWriter, startHeartbeat } from '@opifer/history'
import { operationsApp, serveHttp } from '@opifer/platform/http'
import { type Process, runProcess } from '@opifer/platform/process'
import { createMarks, RUNS } from '@opifer/queue'
import { connectRedis, type RedisClient } from '@opifer/platform/redis'
import { createRegistry, registerRedisMetrics } from '@opifer/platform/telemetry'
import { Queue } from 'bullmq'
import { selectorLabels, WORKER_OPTIONS } from './config.ts'
import { tolerant } from './history.ts'
import { createAdaptiveLimit } from './kubernetes/adaptive-limit.ts'
import { createKubeApi } from './kubernetes/api.ts'
import { overload } from './kubernetes/api-errors.ts'
import { startPublisher } from './kubernetes/catalogue.ts'
import { createCredentials } from './kubernetes/credentials.ts'
import { createEventRecorder } from './kubernetes/events.ts'
import { watchJobs } from './kubernetes/jobs.ts'
import { currentNamespace, loadKubeConfig } from './kubernetes/kube-config.ts'
import { observeTransport } from './kubernetes/observed-transport.ts'
import { type Operarios, watchOperarios } from './kubernetes/operarios.ts'
import { createTransport } from './kubernetes/transport.ts'
import { createMetrics, registerGauges, type WorkerMetrics } from './metrics.ts'
import { observeTurns } from './processors/observe.ts'
import { takeTurn } from './processors/run.ts'
import { stepsFor } from './processors/steps.ts'
import { startWorker } from './queue/start-worker.ts'
import { stopWorker } from './queue/stop-worker.ts'
import { wake } from './queue/wake.ts'
import { warnOfRun } from './run-warnings.ts'
import { nextLook } from './steps/track.ts'

await runProcess(
  { name: 'worker', options: WORKER_OPTIONS, argv: process.argv.slice(2), env: process.env },
  async (proc) => {
    const { config, log, lifecycle, tracing } = proc
    const configMapNamespace = config.configmapNamespace ?? currentNamespace(loadKubeConfig(config.kubeconfig))
    const jobNamespace = config.jobDestinationNamespace ?? configMapNamespace
    const registry = createRegistry()
    const metrics = createMetrics(registry)

    const redis = connectRedis(config, { kind: 'wait' }, log)
    lifecycle.onClose('redis', () => redis.disconnect())
    const queue = new Queue(RUNS.name, { connection: redis, prefix: config.queuePrefix })
    queue.on('error', (err) => log.debug({ err }, 'queue'))
    lifecycle.onClose('queue', () => queue.close())
    registerRedisMetrics(registry, { redis, queue })

    const namespaces = { configMapNamespace, jobNamespace }
    const onJobEnd = (runId: string) => void wake(queue, runId, log)
    const { api, creates, operarios, jobs, events } = connectCluster(proc, { ...namespaces, metrics, onJobEnd })
    const watches = { configmaps: operarios.mirror, jobs: jobs.mirror }
    registerGauges(registry, { createLimit: creates.current, watches })

    let unready: string | undefined = 'the first lists of ConfigMaps and Jobs are not in'
    const redisUnready = () => (redis.status === 'ready' ? undefined : 'Redis is not connected')
    const operations = operationsApp({ registry, unready: () => unready ?? redisUnready() })
    const server = await serveHttp(operations, config.addr)
    lifecycle.onClose('server', () => server.close())
    await Promise.all([operarios.mirror.ready, jobs.mirror.ready])
    unready = undefined

    const job = {
      namespace: jobNamespace,
      ttlSeconds: Math.ceil(config.jobTtl / 1_000),
      labels: selectorLabels(config.labelSelector),
    }
    const history = openHistory(proc, { redis, operarios, job })
    const marks = createMarks(redis, config.queuePrefix)
    const deps = { api, creates, operarios, jobs, marks, history, metrics, now: Date.now }
    const turns = observeTurns((run, context) => takeTurn(run, stepsFor(deps, { ...config, job }, context)), {
      metrics,
      tracing,
      onEnd: (run, result) => config.kubeEvents === 'on' && warnOfRun(run, result, operarios, events),
      now: Date.now,
    })
    const worker = startWorker(
      {
        redis,
        log,
        history,
        takeTurn: turns,
        nextLook: (run) => nextLook(run.job, Date.now(), Math.random),
        onWaiting(run) {
          const state = jobs.seen(run.job)?.state
          if (state !== undefined && state !== 'running') void wake(queue, run.id, log)
        },
        onRetry: metrics.retried,
        onStalled: metrics.stalled,
        queueOptions: tracing.queueOptions,
      },
      config,
    )
    lifecycle.onClose('worker', () => stopWorker(worker, redis))
    log.info({ ...server.address, ...namespaces }, 'worker is ready')
  },
)

interface ClusterUse {
  configMapNamespace: string
  jobNamespace: string
  metrics: WorkerMetrics
  /** Called with the run of a Job that has ended. */
  onJobEnd: (runId: string) => void
}

/** All that the worker has of Kubernetes: calls to it, watches of ConfigMaps and Jobs, and Events. */
function connectCluster(
  { config, log, lifecycle, tracing }: Process<typeof WORKER_OPTIONS>,
  { configMapNamespace, jobNamespace, metrics, onJobEnd }: ClusterUse,
) {
  const credentials = createCredentials(() => loadKubeConfig(config.kubeconfig))
  lifecycle.onClose('connections to Kubernetes', () => credentials.close())
  const transport = createTransport(credentials, 'opifer-worker')
  const api = createKubeApi(observeTransport(transport, { metrics, tracing }))
  const creates = createAdaptiveLimit({ most: config.concurrency, complaint: overload })
  const watching = (resource: string) => ({ log, onInterruption: () => metrics.interrupted(resource) })
  const source = { namespace: configMapNamespace, labelSelector: config.labelSelector }
  const operarios = watchOperarios(api, source, watching('configmaps'))
  lifecycle.onClose('watch of ConfigMaps', () => operarios.mirror.stop())
  const jobs = watchJobs(api, jobNamespace, onJobEnd, watching('jobs'))
  lifecycle.onClose('watch of Jobs', () => jobs.mirror.stop())
  const events = createEventRecorder({ api, log, onResult: metrics.event, now: Date.now })
  lifecycle.onClose('Kubernetes Events', () => events.stop())
  return { api, creates, operarios, jobs, events }
}

interface HistoryUse {
  redis: RedisClient
  operarios: Operarios
  job: JobSettings
}

/** What people look at: the history of runs, the Operarios that this worker knows, and that it is there. */
function openHistory(
  { config, log, lifecycle }: Process<typeof WORKER_OPTIONS>,
  { redis, operarios, job }: HistoryUse,
): HistoryWriter {
  const catalogue = createPublishedOperarios(redis, config.queuePrefix, config.historyMaxAge)
  const publisher = startPublisher({ operarios, catalogue, settings: job, log })
  lifecycle.onClose('catalogue', () => publisher.stop())
  operarios.tellOfChanges(publisher.changed)
  publisher.changed()
  const presence = startHeartbeat('worker', redis, config.queuePrefix, log)
  lifecycle.onClose('presence', () => presence.stop())
  return tolerant(createHistoryWriter(redis, config.queuePrefix, config), log)
}
