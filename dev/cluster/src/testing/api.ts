import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { KubeConfig } from '@kubernetes/client-node'
import { onTestFinished } from 'vitest'
import { type DevCluster, type DevClusterOptions, startDevCluster } from '../dev-cluster.ts'
import type { KubeObject } from '../store/types.ts'

export interface Reply {
  code: number
  headers: IncomingHttpHeaders
  body: Body
}

/** An object, a list or a Status. */
export type Body = KubeObject & {
  items: KubeObject[]
  code: number
  reason: string
  message: string
}

export interface WatchEvent {
  type: string
  object: KubeObject
}

export interface OpenStream {
  code: number
  /** The next event; undefined at the end of the stream. Rejects if it breaks. */
  next: () => Promise<WatchEvent | undefined>
  /** The rest of the stream. */
  text: () => Promise<string>
  close: () => void
}

export interface RequestOptions {
  body?: unknown
  headers?: Record<string, string>
  token?: string
}

export interface TestApi {
  cluster: DevCluster
  send: (method: string, path: string, options?: RequestOptions) => Promise<Reply>
  open: (path: string, options?: RequestOptions) => Promise<OpenStream>
}

/** A cluster without controllers and a plain HTTPS client. It stops when the test ends. */
export async function startTestApi(options: DevClusterOptions = {}): Promise<TestApi> {
  const cluster = await startDevCluster({ controllers: false, ...options })
  onTestFinished(() => cluster.stop())
  const access = readAccess(cluster.kubeconfig)
  return {
    cluster,
    async send(method, path, sent = {}) {
      const response = await exchange(access, method, path, sent)
      const received = await text(response)
      const body = (response.headers['content-type'] === 'application/json' ? JSON.parse(received) : received) as Body
      return { code: response.statusCode ?? 0, headers: response.headers, body }
    },
    async open(path, sent = {}) {
      return readStream(await exchange(access, 'GET', path, sent))
    },
  }
}

type Access = ReturnType<typeof readAccess>

function readAccess(kubeconfig: string) {
  const config = new KubeConfig()
  config.loadFromString(kubeconfig)
  const { server = '', caData = '' } = config.getCurrentCluster() ?? {}
  return { url: server, ca: Buffer.from(caData, 'base64'), token: config.getCurrentUser()?.token ?? '' }
}

async function exchange(access: Access, method: string, path: string, sent: RequestOptions): Promise<IncomingMessage> {
  const { body, token = access.token } = sent
  const payload = Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''))
  const headers = {
    'content-type': 'application/json',
    'content-length': payload.length,
    authorization: `Bearer ${token}`,
    ...sent.headers,
  }
  const outgoing = request(new URL(path, access.url), { method, ca: access.ca, agent: false, headers })
  outgoing.end(payload)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  return response
}

function readStream(response: IncomingMessage): OpenStream {
  const lines = createInterface({ input: response })[Symbol.asyncIterator]()
  const broken = new Promise<never>((_, reject) => response.once('error', reject))
  broken.catch(() => {})
  return {
    code: response.statusCode ?? 0,
    async next() {
      const { done, value } = await Promise.race([lines.next(), broken])
      return done ? undefined : (JSON.parse(value) as WatchEvent)
    },
    async text() {
      const rest: string[] = []
      for (let line = await lines.next(); !line.done; line = await lines.next()) rest.push(line.value)
      return rest.join('\n')
    },
    close: () => response.destroy(),
  }
}

export function makeConfigMap(name: string, data: Record<string, string> = {}, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data }
}

export function makeJob(name: string, spec: object = {}, metadata: object = {}): object {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, ...metadata }, spec: { template, ...spec } }
}

export function makePod(name: string, spec: object = {}, metadata: object = {}): object {
  const containers = [{ name: 'main', image: 'busybox' }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { containers, ...spec } }
}

export const configMaps = '/api/v1/namespaces/default/configmaps'
export const jobs = '/apis/batch/v1/namespaces/default/jobs'
export const pods = '/api/v1/namespaces/default/pods'
