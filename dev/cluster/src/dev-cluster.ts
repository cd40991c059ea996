import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCertificates, renderKubeconfig, writeKubeconfigFile } from './api/access.ts'
import { listen } from './api/listener.ts'
import { createRequestHandler } from './api/request-handler.ts'
import { type ApiState, createSnapshots, createStreams } from './api/state.ts'
import { type AuditLog, createAuditLog } from './audit.ts'
import { startControllers } from './controllers/controllers.ts'
import type { BackoffSettings } from './controllers/job-plan.ts'
import { createFaultRules, type FaultRules, type Switches } from './faults/rules.ts'
import { startKubelet } from './kubelet/kubelet.ts'
import type { ImageCatalog } from './kubelet/launch.ts'
import type { RestartSettings } from './kubelet/pod-worker.ts'
import { requestPodDeletion } from './objects/pod.ts'
import { createLogStore } from './store/log-store.ts'
import { createStore } from './store/store.ts'
import type { LogStore, Store } from './store/types.ts'

export interface DevClusterOptions {
  /** Any free port if absent or 0. */
  port?: number
  /** The host name under which other machines reach this one, for the kubeconfig. It listens on every interface then. */
  host?: string
  /** Milliseconds between the bookmarks of a watch. */
  bookmarkInterval?: number
  /** Whether Jobs run. Without controllers there is only the API, and objects change only by its clients. */
  controllers?: boolean
  /** Which local program runs for an image, for containers without a `command`. */
  images?: ImageCatalog
  /** For the pods' scratch directories; a temporary directory if absent. */
  workDir?: string
  /** How many pods run at once (default 32); the others stay Pending. */
  maxPods?: number
  /** The defaults are those of Kubernetes. */
  timing?: Partial<BackoffSettings & RestartSettings>
  now?: () => Date
  /** From 0 to below 1. */
  random?: () => number
}

export interface DevCluster {
  readonly url: string
  /** In YAML. */
  readonly kubeconfig: string
  writeKubeconfig(path: string): Promise<void>
  readonly store: Store
  readonly logs: LogStore
  readonly faults: FaultRules & Switches
  readonly audit: AuditLog
  /** Resolves when the cluster has no connection, process or file left. */
  stop(): Promise<void>
}

/**
 * Starts a Kubernetes cluster in this process, for development and tests. It listens on the loopback interface only,
 * unless it gets a host name, and runs the containers of Jobs as local processes.
 */
export async function startDevCluster(options: DevClusterOptions = {}): Promise<DevCluster> {
  const { port = 0, host, now = () => new Date(), random = Math.random, bookmarkInterval = 60_000 } = options
  const store = createStore({ now })
  const logs = createLogStore()
  const audit = createAuditLog()
  const rules = createFaultRules(random)
  const [snapshots, streams] = [createSnapshots(), createStreams()]
  const state: ApiState = { store, logs, snapshots, streams, faults: rules, now, random, bookmarkInterval }
  createFirstNamespaces(store)

  const token = randomBytes(32).toString('base64url')
  const certificates = await createCertificates(host)
  const listener = await listen({ port, host, ...certificates })
  const { url } = listener
  listener.answer(createRequestHandler({ state, token, audit, passage: listener.passage }))
  const kubeconfig = renderKubeconfig({ url, ca: certificates.ca, token })
  if (options.controllers !== false) state.endPod = (pod) => requestPodDeletion(store, pod, now())
  const machinery = options.controllers === false ? undefined : await startMachinery(state, options)

  return {
    url,
    kubeconfig,
    writeKubeconfig: (path) => writeKubeconfigFile(path, kubeconfig),
    store,
    logs,
    faults: {
      ...rules,
      pause: () => listener.pause(),
      resume: () => listener.resume(),
      refuse: () => listener.refuse(),
      accept: () => listener.accept(),
      cutWatches: () => streams.cut('watch'),
      cutStreams: () => streams.cut(),
      expireHistory: () => store.compact(),
    },
    audit,
    async stop() {
      await listener.stop()
      await machinery?.stop()
    },
  }
}

async function startMachinery(state: ApiState, options: DevClusterOptions): Promise<{ stop(): Promise<void> }> {
  const { store, logs, now, random } = state
  const { images = {}, maxPods = 32 } = options
  const timing = { ...KUBERNETES_TIMING, ...options.timing }
  const workDir = options.workDir ?? (await mkdtemp(join(tmpdir(), 'devcluster-')))
  const controllers = startControllers({ store, backoff: timing, now, random })
  const kubelet = startKubelet({ store, logs, images, workDir, maxPods, restarts: timing, now })
  return {
    async stop() {
      controllers.stop()
      await kubelet.stop()
      if (options.workDir === undefined) await rm(workDir, { recursive: true, force: true })
    },
  }
}

const KUBERNETES_TIMING = {
  podBackoffBaseMs: 10_000,
  podBackoffMaxMs: 600_000,
  restartBackoffBaseMs: 10_000,
  restartBackoffMaxMs: 300_000,
}

/** Every cluster has these, and they cannot be deleted. */
function createFirstNamespaces(store: Store): void {
  for (const name of ['default', 'kube-system']) {
    const labels = { 'kubernetes.io/metadata.name': name }
    store.create('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, uid: '', resourceVersion: '', creationTimestamp: '', labels },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    })
  }
}
