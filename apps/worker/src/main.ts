import { createCatalogue, createHistoryWriter, stayPresent } from '@opifer/history'
import { connectRedis, createMarks, createRegistry, operationsApp, RUNS, runProcess, serveHttp } from '@opifer/platform'
import { Queue } from 'bullmq'
import { selectorLabels, WORKER_OPTIONS } from './config.ts'
import { tolerant } from './history.ts'
import { createAdaptiveLimit } from './kubernetes/adaptive-limit.ts'
import { createKubeApi } from './kubernetes/api.ts'
import { overload } from './kubernetes/api-errors.ts'
import { startPublisher } from './kubernetes/catalogue.ts'
import { createCredentials } from './kubernetes/credentials.ts'
import { watchJobs } from './kubernetes/jobs.ts'
import { currentNamespace, loadKubeConfig } from './kubernetes/kube-config.ts'
import { watchOperarios } from './kubernetes/operarios.ts'
import { createTransport } from './kubernetes/transport.ts'
import { createMetrics } from './metrics.ts'
import { takeTurn } from './processors/run.ts'
import { stepsFor } from './processors/steps.ts'
import { startWorker } from './queue/start-worker.ts'
import { stopWorker } from './queue/stop-worker.ts'
import { wake } from './queue/wake.ts'
import { nextLook } from './steps/track.ts'

await runProcess(
  { name: 'worker', options: WORKER_OPTIONS, argv: process.argv.slice(2), env: process.env },
  async ({ config, log, lifecycle }) => {
    const loadConfig = () => loadKubeConfig(config.kubeconfig)
    const configMapNamespace = config.configmapNamespace ?? currentNamespace(loadConfig())
    const jobNamespace = config.jobDestinationNamespace ?? configMapNamespace
    const registry = createRegistry()
    const metrics = createMetrics(registry)

    const redis = connectRedis(config, { kind: 'wait' }, log)
    lifecycle.onClose('redis', () => redis.disconnect())
    const queue = new Queue(RUNS.name, { connection: redis, prefix: config.queuePrefix })
    queue.on('error', (err) => log.debug({ err }, 'queue'))
    lifecycle.onClose('queue', () => queue.close())

    const credentials = createCredentials(loadConfig)
    lifecycle.onClose('connections to Kubernetes', () => credentials.close())
    const api = createKubeApi(createTransport(credentials, 'opifer-worker'))
    const creates = createAdaptiveLimit({ most: config.concurrency, complaint: overload })
    const source = { namespace: configMapNamespace, labelSelector: config.labelSelector }
    const operarios = watchOperarios(api, source, { log })
    lifecycle.onClose('watch of ConfigMaps', () => operarios.mirror.stop())
    const jobs = watchJobs(api, jobNamespace, (runId) => void wake(queue, runId, log), { log })
    lifecycle.onClose('watch of Jobs', () => jobs.mirror.stop())

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
    const catalogue = createCatalogue(redis, config.queuePrefix, config.historyMaxAge)
    const publisher = startPublisher({ operarios, catalogue, settings: job, log })
    lifecycle.onClose('catalogue', () => publisher.stop())
    operarios.tellOfChanges(publisher.changed)
    publisher.changed()

    const marks = createMarks(redis, config.queuePrefix)
    const history = tolerant(createHistoryWriter(redis, config.queuePrefix, config), log)
    const deps = { api, creates, operarios, jobs, marks, history, metrics, now: Date.now }
    const worker = startWorker(
      {
        redis,
        log,
        history,
        takeTurn: (run, context) => takeTurn(run, stepsFor(deps, { ...config, job }, context)),
        nextLook: (run) => nextLook(run.job, Date.now(), Math.random),
        onWaiting(run) {
          const state = jobs.seen(run.job)?.state
          if (state !== undefined && state !== 'running') void wake(queue, run.id, log)
        },
        onRetry: metrics.retried,
      },
      config,
    )
    lifecycle.onClose('worker', () => stopWorker(worker, redis))
    const presence = stayPresent('worker', redis, config.queuePrefix, log)
    lifecycle.onClose('presence', () => presence.stop())
    log.info({ ...server.address, configMapNamespace, jobNamespace }, 'worker is ready')
  },
)
