import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node'
import type { Dispatcher } from 'undici'
import { monotonic } from '../../monotonic.ts'

/** What a call needs to be let in, and the connections that it goes through. */
export interface Credentials {
  server: string
  headers: Record<string, string>
  /** Keeps its connections alive between calls. Undefined stands for the global one. */
  dispatcher: Dispatcher | undefined
}

export interface CredentialSource {
  current(): Promise<Credentials>
  /** After a 401: loads the kubeconfig anew at the next call, with all that client-node remembers of tokens forgotten. */
  expire(): void
  close(): Promise<void>
}

/**
 * Credentials as the kubeconfig or the service account gives them: certificates, tokens, exec plug-ins, proxies. They are
 * asked for again every so often, since tokens rotate, but connections are kept for as long as cluster and certificates
 * stay the same: client-node by itself opens a new TLS connection for every call.
 */
export function createCredentials(load: () => KubeConfig, now: () => number = monotonic): CredentialSource {
  let kubeConfig: KubeConfig | undefined
  let credentials: (Credentials & { tls: string }) | undefined
  let freshUntil = EXPIRED
  let refreshing: Promise<Credentials> | undefined

  async function refresh(): Promise<Credentials> {
    const config = (kubeConfig ??= load())
    const server = config.getCurrentCluster()?.server
    if (!server) throw new Error('the kubeconfig names no cluster')
    const context = new RequestContext(server, HttpMethod.GET)
    await config.applySecurityAuthentication(context)
    const tls = await tlsMaterial(config)
    const dispatcher = credentials?.tls === tls ? credentials.dispatcher : context.getDispatcher()
    const old = credentials?.dispatcher
    credentials = { server, headers: trimmed(context.getHeaders()), dispatcher, tls }
    // Else its token was refused while we waited for the same one.
    if (kubeConfig === config) freshUntil = now() + REFRESH_MS
    // Calls under way finish first.
    if (old !== undefined && old !== dispatcher) void old.close()
    return credentials
  }

  return {
    async current() {
      if (credentials && now() < freshUntil) return credentials
      refreshing ??= refresh().finally(() => {
        refreshing = undefined
      })
      return refreshing
    },
    expire() {
      // Of many calls that are refused at a time the first says it all: none was made with what is loaded since.
      if (freshUntil === EXPIRED) return
      freshUntil = EXPIRED
      kubeConfig = undefined
    },
    async close() {
      await credentials?.dispatcher?.destroy()
    },
  }
}

/** Service account tokens are valid for minutes at least after they were replaced; client-node itself reads their file once a minute. */
const REFRESH_MS = 10_000

const EXPIRED = Number.NEGATIVE_INFINITY

async function tlsMaterial(kubeConfig: KubeConfig): Promise<string> {
  const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {}
  await kubeConfig.applyToHTTPSOptions(options)
  const { ca, cert, key } = options as { ca?: unknown; cert?: unknown; key?: unknown }
  return [JSON.stringify(kubeConfig.getCurrentCluster()), ca, cert, key].map(String).join('\n')
}

/** A token that was read from a file may bring the line break at the file's end, which no header can hold. */
function trimmed(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.trim()]))
}
