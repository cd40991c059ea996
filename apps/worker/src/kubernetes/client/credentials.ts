import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node'
import type { Dispatcher } from 'undici'

/** What authenticates a call, and the connections that carry it. */
export interface Credentials {
  server: string
  headers: Record<string, string>
  /** Keeps its connections alive between calls. Undefined: undici's global dispatcher. */
  dispatcher: Dispatcher | undefined
}

export interface CredentialSource {
  current(): Promise<Credentials>
  /** After a 401: the next call reloads the kubeconfig, which drops the tokens that client-node has cached. */
  expire(): void
  close(): Promise<void>
}

/**
 * Credentials from the kubeconfig or the service account: certificates, tokens, exec plug-ins, proxies. They are refreshed
 * regularly, since tokens rotate, but connections stay open while cluster and certificates are unchanged: client-node on
 * its own opens a new TLS connection for every call.
 *
 * @param now milliseconds on a monotonic clock
 */
export function createCredentials(
  load: () => KubeConfig,
  now: () => number = () => performance.now(),
): CredentialSource {
  let kubeConfig: KubeConfig | undefined
  let credentials: (Credentials & { tls: string }) | undefined
  let freshUntil = EXPIRED
  let refreshing: Promise<Credentials> | undefined

  async function refresh(): Promise<Credentials> {
    const config = (kubeConfig ??= load())
    const server = config.getCurrentCluster()?.server
    if (!server) throw new Error('the kubeconfig has no current cluster')
    const context = new RequestContext(server, HttpMethod.GET)
    await config.applySecurityAuthentication(context)
    const tls = await tlsMaterial(config)
    const dispatcher = credentials?.tls === tls ? credentials.dispatcher : context.getDispatcher()
    const old = credentials?.dispatcher
    credentials = { server, headers: trimmed(context.getHeaders()), dispatcher, tls }
    // Otherwise `expire` was called during the refresh: the token just loaded was already rejected.
    if (kubeConfig === config) freshUntil = now() + REFRESH_MS
    // `close` lets calls in flight finish.
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
      // Of many calls rejected at the same time only the first counts: none of them used what was loaded since.
      if (freshUntil === EXPIRED) return
      freshUntil = EXPIRED
      kubeConfig = undefined
    },
    async close() {
      await credentials?.dispatcher?.destroy()
    },
  }
}

/** Service account tokens stay valid for at least minutes after their rotation; client-node rereads their file once a minute. */
const REFRESH_MS = 10_000

const EXPIRED = Number.NEGATIVE_INFINITY

async function tlsMaterial(kubeConfig: KubeConfig): Promise<string> {
  const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {}
  await kubeConfig.applyToHTTPSOptions(options)
  const { ca, cert, key } = options as { ca?: unknown; cert?: unknown; key?: unknown }
  return [JSON.stringify(kubeConfig.getCurrentCluster()), ca, cert, key].map(String).join('\n')
}

/** A token from a file may end with the file's line break, which a header cannot contain. */
function trimmed(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.trim()]))
}
