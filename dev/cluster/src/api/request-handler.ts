import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AuditLog } from '../audit.ts'
import { createAuthenticator } from './authenticate.ts'
import type { Answer, ApiState } from './call.ts'
import { discover } from './discovery.ts'
import { openApi } from './openapi.ts'
import { parseRequestInfo, type RequestInfo } from './request-info.ts'
import { answerResource } from './resource-request.ts'
import { send, sendError, sendJson } from './send.ts'
import { ApiError, internalError, methodNotAllowed, noSuchPath, unauthorized } from './status.ts'

export interface RequestHandlerOptions {
  state: ApiState
  token: string
  audit: AuditLog
  /** Resolves when requests may pass. */
  passage: () => Promise<void>
  /** Answers what steers the cluster itself. */
  control: (request: IncomingMessage, url: URL) => Promise<Answer>
}

/** The way of every request: who is it, may it pass, what is it about, and then the handler of that. */
export function createRequestHandler(options: RequestHandlerOptions): RequestListener {
  const { state, audit, passage, control } = options
  const isAuthentic = createAuthenticator(options.token)

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://localhost')
    if (healthPaths.has(url.pathname)) {
      response.end('ok')
      return
    }
    const authentic = isAuthentic(request)
    // Control comes before the passage: a paused cluster must be there to be resumed.
    if (authentic && url.pathname.startsWith('/devcluster/')) {
      send(response, await control(request, url))
      return
    }
    await passage()
    const info = readInfo(request, url)
    try {
      if (!authentic) throw unauthorized()
      if (info) await answerResource(state, info, { request, response, url })
      else answerDocument(request, response, url)
    } catch (error) {
      fail(response, error)
    } finally {
      audit.record({ ...described(request, info, url), code: response.headersSent ? response.statusCode : 0 })
    }
  }

  return (request, response) => {
    handle(request, response).catch((error: unknown) => fail(response, error))
  }

  function described(request: IncomingMessage, info: RequestInfo | undefined, url: URL) {
    const { verb = request.method?.toLowerCase() ?? '', resource, ...rest } = info ?? {}
    const about = resource && { resource: resource.name, ...rest }
    const userAgent = request.headers['user-agent'] ?? ''
    return { time: state.now().toISOString(), verb, ...about, path: url.pathname, userAgent }
  }
}

const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz'])

function readInfo(request: IncomingMessage, url: URL): RequestInfo | undefined {
  try {
    return parseRequestInfo(request.method ?? 'GET', url)
  } catch {
    // A path with broken escapes names nothing.
    return undefined
  }
}

function answerDocument({ method }: IncomingMessage, response: ServerResponse, { pathname }: URL): void {
  // kubectl reads it, as protobuf, before it applies a List. Nothing is a valid document, in which it finds nothing to check.
  if (pathname === '/openapi/v2') {
    response.end()
    return
  }
  const document = discover(pathname) ?? openApi(pathname)
  if (!document) throw noSuchPath()
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed()
  sendJson(response, 200, document)
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else sendError(response, error instanceof ApiError ? error : internalError(error))
}
