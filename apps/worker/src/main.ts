import type { JobSettings } from '@opifer/core'
import {
  createPublishedOperarios,
  createChangePublisher,
  createHistoryEncoder,
  createHistoryWriter,
  startHeartbeat,
} from '@opifer/history'
import { operationsApp, serveHttp } from '@opifer/platform/http'
import { type Process, runProcess } from '@opifer/platform/process'
import { connectRedis, type RedisClient, redisUnready } from '@opifer/platform/redis'
import { createRegistry, registerRedisMetrics } from '@opifer/platform/telemetry'
import { createRunFlags, createTransitions, openRunQueue } from '@opifer/queue'
import { selectorLabels, WORKER_OPTIONS } from './config.ts'
import { createKubeApi } from './kubernetes/client/api.ts'
import { createCredentials } from './kubernetes/client/credentials.ts'
import { overload } from './kubernetes/client/errors.ts'
import { instrumentTransport } from './kubernetes/client/instrumented-transport.ts'
import { currentNamespace, loadKubeConfig } from './kubernetes/client/kubeconfig.ts'
import { createConcurrencyLimiter } from './kubernetes/client/limiter.ts'
import { createTransport } from './kubernetes/client/transport.ts'
import { watchJobs } from './kubernetes/informers/jobs.ts'
import { type Operarios, watchOperarios } from './kubernetes/informers/operarios.ts'
import { createMetrics, registerGauges, type WorkerMetrics } from './metrics.ts'
import { createEventRecorder, warnOfRun } from './publish/kube-events.ts'
import { publishOperarios } from './publish/operarios.ts'
import { consume } from './queue/consume.ts'
import { promote } from './queue/promote.ts'
import { stop } from './queue/stop.ts'
import { reconcile } from './run/reconcile.ts'

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
    const queue = openRunQueue(redis, config.queuePrefix)
    queue.on('error', (err) => log.debug({ err }, 'queue error'))
    lifecycle.onClose('queue', () => queue.close())
    registerRedisMetrics(registry, { redis, queue })

    const namespaces = { configMapNamespace, jobNamespace }
    const onJobEnd = (runId: string) => void promote(queue, runId, log)
    const { api, limiter, operarios, jobs, kubeEvents } = connectCluster(proc, { ...namespaces, metrics, onJobEnd })
    const watches = { configmaps: operarios.informer, jobs: jobs.informer }
    registerGauges(registry, { createLimit: limiter.current, watches })

    let unready: string | undefined = 'the first lists of ConfigMaps and Jobs are not complete'
    const operations = operationsApp({ registry, unready: () => unready ?? redisUnready(redis) })
    const server = await serveHttp(operations, config.addr)
    lifecycle.onClose('server', () => server.close())
    await Promise.all([operarios.informer.ready, jobs.informer.ready])
    unready = undefined

    const job = {
      namespace: jobNamespace,
      ttlSeconds: Math.ceil(config.jobTtl / 1_000),
      labels: selectorLabels(config.labelSelector),
    }
    publish(proc, { redis, operarios, job })
    const history = openHistory(proc, redis)
    const flags = createRunFlags(redis, config.queuePrefix)
    const { transitions } = history
    const settings = { ...config, job }
    const worker = consume(
      {
        redis,
        log,
        tracing,
        reconcile,
        history: history.writer,
        context: { api, limiter, operarios, jobs, transitions, flags, metrics, settings, now: Date.now },
        onJob: (runId) => history.publishChange(runId, 'created'),
        onWaiting(run) {
          const state = jobs.seen(run.job)?.state
          if (state !== undefined && state !== 'running') onJobEnd(run.id)
        },
        onEnd: (run) => config.kubeEvents === 'on' && warnOfRun(run, run.result, operarios, kubeEvents),
      },
      config,
    )
    lifecycle.onClose('worker', () => stop(worker, redis))
    log.info({ ...server.address, ...namespaces }, 'worker is ready')
  },
)

interface ClusterUse {
  configMapNamespace: string
  jobNamespace: string
  metrics: WorkerMetrics
  /** Called with the run of every Job that ended. */
  onJobEnd: (runId: string) => void
}

/** Everything that the worker uses of Kubernetes: calls, the informers of ConfigMaps and Jobs, and Events. */
function connectCluster(
  { config, log, lifecycle, tracing }: WorkerProcess,
  { configMapNamespace, jobNamespace, metrics, onJobEnd }: ClusterUse,
) {
  const credentials = createCredentials(() => loadKubeConfig(config.kubeconfig))
  lifecycle.onClose('connections to Kubernetes', () => credentials.close())
  const transport = createTransport(credentials, 'opifer-worker')
  const api = createKubeApi(instrumentTransport(transport, { onCall: metrics.called, tracing }))
  const limiter = createConcurrencyLimiter({ max: config.concurrency, overload })
  const watching = (resource: string) => ({ log, onInterruption: () => metrics.interrupted(resource) })
  const source = { namespace: configMapNamespace, labelSelector: config.labelSelector }
  const operarios = watchOperarios(api, source, watching('configmaps'))
  lifecycle.onClose('informer of ConfigMaps', () => operarios.informer.stop())
  const jobs = watchJobs(api, jobNamespace, onJobEnd, watching('jobs'))
  lifecycle.onClose('informer of Jobs', () => jobs.informer.stop())
  const kubeEvents = createEventRecorder({ api, log, onResult: metrics.event, now: Date.now })
  lifecycle.onClose('Kubernetes Events', () => kubeEvents.stop())
  return { api, limiter, operarios, jobs, kubeEvents }
}

interface PublishUse {
  redis: RedisClient
  operarios: Operarios
  job: JobSettings
}

/** Shows the dashboard that this worker exists and which Operarios it knows. */
function publish({ config, log, lifecycle }: WorkerProcess, { redis, operarios, job }: PublishUse): void {
  const published = createPublishedOperarios(redis, config.queuePrefix, config.historyMaxAge)
  const publisher = publishOperarios({ operarios, published, settings: job, log })
  lifecycle.onClose('published Operarios', () => publisher.stop())
  const heartbeat = startHeartbeat('worker', redis, config.queuePrefix, log)
  lifecycle.onClose('heartbeat', () => heartbeat.stop())
}

/** Everything that writes run state and history. */
function openHistory({ config, log }: WorkerProcess, redis: RedisClient) {
  const prefix = config.queuePrefix
  const onHistoryError = (err: unknown) => log.error({ err }, 'could not write run history')
  const history = createHistoryEncoder(config)
  return {
    transitions: createTransitions({ redis, prefix, history, onHistoryError }),
    writer: createHistoryWriter(redis, prefix, config, onHistoryError),
    publishChange: createChangePublisher(redis, prefix, onHistoryError),
  }
}

type WorkerProcess = Process<typeof WORKER_OPTIONS>
