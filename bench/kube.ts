import { KubeConfig, RequestContext, HttpMethod } from '@kubernetes/client-node'
import { Agent } from 'undici'

/** A way into a cluster over connections that stay open, as thin as `undici` allows. */
export interface Kube {
  server: string
  namespace: string
  call<Answer>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: string | object): Promise<Answer>
  /** The events of a watch, for as long as it is followed. */
  watch(path: string, onEvent: (event: WatchEvent) => void): Promise<() => void>
  close(): Promise<void>
}

export interface WatchEvent {
  type: string
  object: { metadata: { name: string; labels?: Record<string, string> } }
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
    async watch(path, onEvent) {
      const { body } = await send('GET', `${path}${path.includes('?') ? '&' : '?'}watch=true`)
      let rest = ''
      body.on('error', () => {})
      body.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onEvent(JSON.parse(line) as WatchEvent)
      })
      return () => void body.destroy()
    },
    close: () => agent.destroy(),
  }
}

export const jobsPath = (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`
