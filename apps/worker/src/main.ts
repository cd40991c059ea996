import type { JobSettings } from '@opifer/core'
import { createCatalogue, createHistoryWriter, type HistoryWriter, stayPresent } from '@opifer/history'
import { operationsApp, serveHttp } from '@opifer/platform/http'
import { type Process, runProcess } from '@opifer/platform/process'
import { createMarks, RUNS } from '@opifer/queue'
import { connectRedis, type RedisClient } from '@opifer/platform/redis'
import { createRegistry, registerRedisMetrics } from '@opifer/platform/telemetry'
import { Queue } from 'bullmq'
import { selectorLabels, WORKER_OPTIONS } from './config.ts'
import { tolerant } from './history.ts'
import { createConcurrencyLimiter } from './kubernetes/client/limiter.ts'
import { createKubeApi } from './kubernetes/client/api.ts'
import { overload } from './kubernetes/client/errors.ts'
import { publishOperarios } from './publish/operarios.ts'
import { createCredentials } from './kubernetes/client/credentials.ts'
import { createEventRecorder, warnOfRun } from './publish/kube-events.ts'
import { watchJobs } from './kubernetes/informers/jobs.ts'
import { currentNamespace, loadKubeConfig } from './kubernetes/client/kubeconfig.ts'
import { instrumentTransport } from './kubernetes/client/instrumented-transport.ts'
import { type Operarios, watchOperarios } from './kubernetes/informers/operarios.ts'
import { createTransport } from './kubernetes/client/transport.ts'
import { createMetrics, registerGauges, type WorkerMetrics } from './metrics.ts'
import { observeTurns } from './processors/observe.ts'
import { takeTurn } from './processors/run.ts'
import { stepsFor } from './processors/steps.ts'
import { startWorker } from './queue/start-worker.ts'
import { stopWorker } from './queue/stop-worker.ts'
import { wake } from './queue/wake.ts'
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
    const watches = { configmaps: operarios.informer, jobs: jobs.informer }
    registerGauges(registry, { createLimit: creates.current, watches })

    let unready: string | undefined = 'the first lists of ConfigMaps and Jobs are not in'
    const redisUnready = () => (redis.status === 'ready' ? undefined : 'Redis is not connected')
    const operations = operationsApp({ registry, unready: () => unready ?? redisUnready() })
    const server = await serveHttp(operations, config.addr)
    lifecycle.onClose('server', () => server.close())
    await Promise.all([operarios.informer.ready, jobs.informer.ready])
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
  const api = createKubeApi(instrumentTransport(transport, { onCall: metrics.called, tracing }))
  const creates = createConcurrencyLimiter({ max: config.concurrency, overload })
  const watching = (resource: string) => ({ log, onInterruption: () => metrics.interrupted(resource) })
  const source = { namespace: configMapNamespace, labelSelector: config.labelSelector }
  const operarios = watchOperarios(api, source, watching('configmaps'))
  lifecycle.onClose('watch of ConfigMaps', () => operarios.informer.stop())
  const jobs = watchJobs(api, jobNamespace, onJobEnd, watching('jobs'))
  lifecycle.onClose('watch of Jobs', () => jobs.informer.stop())
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
  const catalogue = createCatalogue(redis, config.queuePrefix, config.historyMaxAge)
  const publisher = publishOperarios({ operarios, published: catalogue, settings: job, log })
  lifecycle.onClose('catalogue', () => publisher.stop())
  const presence = stayPresent('worker', redis, config.queuePrefix, log)
  lifecycle.onClose('presence', () => presence.stop())
  return tolerant(createHistoryWriter(redis, config.queuePrefix, config), log)
}
