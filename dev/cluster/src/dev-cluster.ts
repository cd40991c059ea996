import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiState } from './api/call.ts'
import { createCertificates } from './api/certificates.ts'
import { createControl } from './api/control.ts'
import { type Listener, listen } from './api/listener.ts'
import { createRequestHandler } from './api/request-handler.ts'
import { createSnapshots } from './api/snapshots.ts'
import { createStreams } from './api/streams.ts'
import { type AuditLog, createAuditLog } from './audit.ts'
import { type ControllersOptions, requestPodDeletion, startControllers } from './controllers/index.ts'
import type { Pod } from './controllers/pod-types.ts'
import { createFaultRules, type FaultRules } from './faults/faults.ts'
import type { Switches } from './faults/switches.ts'
import { renderKubeconfig, writeKubeconfigFile } from './kubeconfig.ts'
import { createLogStore } from './store/log-store.ts'
import { createStore } from './store/store.ts'
import type { LogStore, Store } from './store/types.ts'

export interface DevClusterOptions extends Partial<Omit<ControllersOptions, 'store' | 'logs'>> {
  /** A free port when absent, or 0. */
  port?: number
  /** A name by which other machines reach this one, for the kubeconfig. It listens on every interface then. */
  host?: string
  /** How many changes of each resource a watch can go back at least. */
  historyLimit?: number
  /** Milliseconds between the bookmarks of a watch. */
  bookmarkInterval?: number
  /** Whether Jobs run. Without controllers the API is all there is, and nothing changes but by its clients. */
  controllers?: boolean
}

export interface DevCluster {
  readonly url: string
  /** The way in for clients, in YAML. */
  readonly kubeconfig: string
  writeKubeconfig(path: string): Promise<void>
  readonly store: Store
  readonly logs: LogStore
  readonly faults: FaultRules & Switches
  readonly audit: AuditLog
  /** Resolves when no connection, no process and no file of the cluster is left. */
  stop(): Promise<void>
}

/**
 * Starts a Kubernetes cluster in this process, for development and tests. It listens on the loopback interface alone
 * unless it is given a host name, and runs the containers of Jobs as local processes.
 */
export async function startDevCluster(options: DevClusterOptions = {}): Promise<DevCluster> {
  const { port = 0, host, now = () => new Date(), random = Math.random } = options
  const { historyLimit = 10_000, bookmarkInterval = 60_000 } = options
  const store = createStore({ now, historyLimit })
  const logs = createLogStore({ now })
  const audit = createAuditLog()
  const rules = createFaultRules(random)
  const state: ApiState = {
    store,
    logs,
    snapshots: createSnapshots(),
    streams: createStreams(),
    faults: rules,
    now,
    random,
    bookmarkInterval,
  }
  createFirstNamespaces(store)

  const token = randomBytes(32).toString('base64url')
  const certificates = await createCertificates(host)
  const listener = await listen({ port, host, ...certificates })
  const switches = createSwitches(listener, state)
  const control = createControl({ rules, switches, audit })
  listener.answer(createRequestHandler({ state, token, audit, passage: listener.passage, control }))
  const kubeconfig = renderKubeconfig({ url: listener.url, ca: certificates.ca, token })
  const controllers = options.controllers === false ? undefined : await runControllers(state, options)

  return {
    url: listener.url,
    kubeconfig,
    writeKubeconfig: (path) => writeKubeconfigFile(path, kubeconfig),
    store,
    logs,
    faults: { ...rules, ...switches },
    audit,
    async stop() {
      await listener.stop()
      await controllers?.stop()
    },
  }
}

/** Without a directory of the caller's, the pods have one of their own, which goes with the cluster. */
async function runControllers(state: ApiState, options: DevClusterOptions): Promise<{ stop(): Promise<void> }> {
  const { store, logs, now } = state
  const workDir = options.workDir ?? (await mkdtemp(join(tmpdir(), 'devcluster-')))
  const controllers = startControllers({ ...options, store, logs, workDir })
  state.endPod = (pod) => requestPodDeletion(store, pod as Pod, now())
  return {
    async stop() {
      await controllers.stop()
      if (options.workDir === undefined) await rm(workDir, { recursive: true, force: true })
    },
  }
}

/** A cluster always has these, and they cannot be deleted. */
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

function createSwitches(listener: Listener, { streams, store }: ApiState): Switches {
  return {
    cutWatches: () => streams.cut('watch'),
    cutStreams: () => streams.cut(),
    expireHistory: () => store.compact(),
    pause: () => listener.pause(),
    resume: () => listener.resume(),
    refuse: () => listener.refuse(),
    accept: () => listener.accept(),
  }
}
