import { KubeConfig, RequestContext, HttpMethod } from '@kubernetes/client-node'
import { Agent } from 'undici'

/** A minimal Kubernetes client over keep-alive connections. */
export interface Kube {
  server: string
  namespace: string
  call<Answer>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: string | object): Promise<Answer>
  /** Opens a watch. The returned function closes it without a call to `onEnd`. */
  watch(path: string, listener: KubeWatchListener): Promise<() => void>
  close(): Promise<void>
}

export interface KubeWatchListener {
  onEvent: (event: KubeWatchEvent) => void
  /** The server ended the watch, or the connection broke. */
  onEnd?: () => void
}

export interface KubeWatchEvent {
  type: string
  object: KubeWatchObject
}

export interface KubeWatchObject {
  metadata: {
    name: string
    uid: string
    resourceVersion: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
}

export async function connectKube(kubeconfig: string): Promise<Kube> {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const server = config.getCurrentCluster()?.server.replace(/\/$/, '') ?? ''
  const context = new RequestContext(server, HttpMethod.GET)
  await config.applySecurityAuthentication(context)
  const tls: { ca?: string; cert?: string; key?: string } = {}
  await config.applyToHTTPSOptions(tls as Parameters<KubeConfig['applyToHTTPSOptions']>[0])
  const { ca, cert, key } = tls
  const agent = new Agent({ connect: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) } })
  const headers = context.getHeaders()

  async function send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: string | object) {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const response = await agent.request({
      origin: server,
      path,
      method,
      headers: { ...headers, accept: 'application/json', 'content-type': type },
      body: body === undefined || typeof body === 'string' ? (body ?? null) : JSON.stringify(body),
      bodyTimeout: 0,
    })
    if (response.statusCode < 300) return response
    throw new Error(`${method} ${path}: ${response.statusCode} ${await response.body.text()}`)
  }

  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    call: async <Answer>(...request: Parameters<typeof send>) => (await (await send(...request)).body.json()) as Answer,
    async watch(path, { onEvent, onEnd = () => {} }) {
      const { body } = await send('GET', `${path}${path.includes('?') ? '&' : '?'}watch=true`)
      let rest = ''
      body.on('error', () => {})
      body.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onEvent(JSON.parse(line) as KubeWatchEvent)
      })
      body.once('close', onEnd)
      return () => {
        body.off('close', onEnd)
        body.destroy()
      }
    },
    close: () => agent.destroy(),
  }
}

export const jobsPath = (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`
