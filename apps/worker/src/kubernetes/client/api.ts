import type { JobManifest, JobRef, JobWithStatus, OperarioConfigMap } from '@opifer/core'
import type { Dispatcher } from 'undici'
import { ApiError, NO_REASON } from './errors.ts'
import { readError, readLines, readWarnings } from './response.ts'
import type { Call, Transport } from './transport.ts'

export interface KubeObject {
  metadata: {
    name: string
    namespace: string
    uid: string
    resourceVersion: string
    /** RFC 3339, in whole seconds. */
    creationTimestamp: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
}

export type Job = KubeObject & JobWithStatus

/** A created Job, with the API server's warnings about it. */
export interface CreatedJob {
  job: Job
  warnings: string[]
}

export type ConfigMap = KubeObject & OperarioConfigMap

export interface ContainerStatus {
  name: string
  state?: { terminated?: { exitCode: number; reason?: string; finishedAt?: string } }
}

export interface Pod extends KubeObject {
  status?: { containerStatuses?: ContainerStatus[]; initContainerStatuses?: ContainerStatus[]; startTime?: string }
}

/** The object that an Event is about. */
export interface ObjectReference {
  apiVersion: string
  kind: string
  namespace: string
  name: string
  uid: string
  resourceVersion: string
}

/** A `v1` Event: accepted by every API server, with a plain `count`. */
export interface KubeEvent {
  apiVersion: 'v1'
  kind: 'Event'
  metadata: { namespace: string; name: string }
  involvedObject: ObjectReference
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  count: number
  firstTimestamp: string
  lastTimestamp: string
  source: { component: string }
}

export interface Collection {
  path: string
  labelSelector: string
}

export interface Page<Item> {
  items: Item[]
  resourceVersion: string
}

export interface WatchEvent<Item> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  object: Item
}

/**
 * Every call that Opifer makes to Kubernetes. All throw an `ApiError` for an error response and a `NoAnswerError` when no
 * response arrives.
 */
export interface KubeApi {
  createJob: (job: JobManifest) => Promise<CreatedJob>
  getJob: (namespace: string, name: string) => Promise<Job | undefined>
  /** Deletes the Job with this uid and its pods; does nothing if it no longer exists. */
  deleteJob: (job: Pick<JobRef, 'namespace' | 'name' | 'uid'>) => Promise<void>
  listPods: (namespace: string, labelSelector: string) => Promise<Pod[]>
  podLog: (pod: Pod, container: string, limits: { tailLines: number; limitBytes: number }) => Promise<string>
  createEvent: (event: KubeEvent, signal: AbortSignal) => Promise<unknown>
  /** Resolves to false if the Event no longer exists. */
  patchEvent: (
    event: KubeEvent['metadata'],
    changes: Omit<KubeEvent, 'metadata'>,
    signal: AbortSignal,
  ) => Promise<boolean>
  list: <Item>(collection: Collection, signal: AbortSignal) => Promise<Page<Item>>
  watch: <Item>(collection: Collection, since: string, options: WatchOptions) => AsyncIterable<WatchEvent<Item>>
}

export interface WatchOptions {
  signal: AbortSignal
  /** How long the API server keeps the watch open. Short, so a watch that hangs is noticed soon. */
  timeoutSeconds: number
}

/** @returns a reference whose `createdAt` is the Job's `creationTimestamp` in milliseconds since the epoch */
export function jobRef({ metadata: { namespace, name, uid, creationTimestamp } }: Job): JobRef {
  return { namespace, name, uid, createdAt: Date.parse(creationTimestamp) }
}

export const jobsPath = (namespace: string) => `/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}/jobs`
export const configMapsPath = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`
const podsPath = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
const eventsPath = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`

export function createKubeApi(send: Transport, now: () => number = Date.now): KubeApi {
  async function receive(request: Call): Promise<Dispatcher.ResponseData> {
    const response = await send(request)
    if (response.statusCode >= 300) throw await readError(response, now())
    return response
  }
  async function call<Answer>(request: Call): Promise<Answer> {
    return (await (await receive(request)).body.json()) as Answer
  }
  return {
    async createJob(job) {
      const { headers, body } = await receive({ method: 'POST', path: jobsPath(job.metadata.namespace), body: job })
      return { job: (await body.json()) as Job, warnings: readWarnings(headers['warning']) }
    },
    getJob: (namespace, name) =>
      orAbsent(call<Job>({ method: 'GET', path: `${jobsPath(namespace)}/${encodeURIComponent(name)}` })),
    async deleteJob({ namespace, name, uid }) {
      try {
        const body = {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          preconditions: { uid },
        }
        await call({ method: 'DELETE', path: `${jobsPath(namespace)}/${encodeURIComponent(name)}`, body })
      } catch (error) {
        // 409: the uid precondition failed; another Job has the name now.
        if (!(error instanceof ApiError && [404, 409].includes(error.status.code))) throw error
      }
    },
    async listPods(namespace, labelSelector) {
      const { items } = await call<{ items: Pod[] }>({
        method: 'GET',
        path: podsPath(namespace),
        query: { labelSelector },
      })
      return items
    },
    async podLog({ metadata: { namespace, name } }, container, limits) {
      const path = `${podsPath(namespace)}/${encodeURIComponent(name)}/log`
      const { body } = await receive({ method: 'GET', path, query: { container, ...limits } })
      return body.text()
    },
    createEvent: (event, signal) =>
      call({ method: 'POST', path: eventsPath(event.metadata.namespace), body: event, signal }),
    async patchEvent({ namespace, name }, changes, signal) {
      const path = `${eventsPath(namespace)}/${encodeURIComponent(name)}`
      return (await orAbsent(call<object>({ method: 'PATCH', path, body: changes, signal }))) !== undefined
    },
    list: ({ path, labelSelector }, signal) =>
      listPages((query) => call({ method: 'GET', path, query: { labelSelector, ...query }, signal })),
    async *watch({ path, labelSelector }, resourceVersion, { signal, timeoutSeconds }) {
      const query = { watch: true, allowWatchBookmarks: true, labelSelector, resourceVersion, timeoutSeconds }
      // Longer than the server's own limit, so it only cuts off a connection that hangs.
      const timeoutMs = (timeoutSeconds + 5) * 1_000
      const { body } = await receive({ method: 'GET', path, query, signal, timeoutMs })
      for await (const line of readLines(body)) yield parseEvent(line)
    },
  }
}

async function orAbsent<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ApiError && error.status.code === 404) return undefined
    throw error
  }
}

type ListPage<Item> = { items: Item[]; metadata: { resourceVersion: string; continue?: string } }

const PAGE_SIZE = 500

async function listPages<Item>(
  page: (query: { limit: number; continue: string | undefined }) => Promise<ListPage<Item>>,
): Promise<Page<Item>> {
  const items: Item[] = []
  let next: string | undefined
  for (;;) {
    const { items: batch, metadata } = await page({ limit: PAGE_SIZE, continue: next })
    items.push(...batch)
    next = metadata.continue
    if (!next) return { items, resourceVersion: metadata.resourceVersion }
  }
}

/** An ERROR event carries a Status, usually 410: the version is too old to watch from. */
function parseEvent<Item>(line: string): WatchEvent<Item> {
  const event = JSON.parse(line) as
    | WatchEvent<Item>
    | { type: 'ERROR'; object: Partial<{ code: number; reason: string; message: string }> }
  if (event.type !== 'ERROR') return event
  const { code = 500, reason = NO_REASON, message = '' } = event.object
  throw new ApiError({ code, reason, message })
}
