import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditLog } from '../audit.ts'
import type { Fault } from '../faults/rules.ts'
import type { RequestInfo } from '../resources.ts'
import { fieldsOf, textOf } from '../store/json.ts'
import { createAuthenticator } from './access.ts'
import type { Answer, Call, Handler } from './call.ts'
import { discover } from './discovery.ts'
import { readBody } from './request-body.ts'
import { parseRequestInfo } from './request-info.ts'
import { routeOf } from './routes.ts'
import type { ApiState } from './state.ts'
import { ApiError, internalError, methodNotAllowed, noSuchPath, notAcceptable, unauthorized } from './status.ts'
import { createTableRenderer, wantsTable } from './table.ts'

export interface RequestHandlerOptions {
  state: ApiState
  token: string
  audit: AuditLog
  /** Resolves when requests may pass. */
  passage: () => Promise<void>
}

interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  url: URL
}

/** Every request: pause, authentication, routing, fault, handler. */
export function createRequestHandler({ state, token, audit, passage }: RequestHandlerOptions): RequestListener {
  const isAuthentic = createAuthenticator(token)

  async function handle(exchange: Exchange): Promise<void> {
    const { request, response, url } = exchange
    if (HEALTH_PATHS.has(url.pathname)) {
      response.end('ok')
      return
    }
    await passage()
    const info = readInfo(exchange)
    try {
      if (!isAuthentic(request)) throw unauthorized()
      if (info) await answerResource(state, info, exchange)
      else answerDocument(exchange)
    } catch (error) {
      fail(response, error)
    } finally {
      const { verb = request.method?.toLowerCase() ?? '', resource, ...rest } = info ?? {}
      audit.record({
        time: state.now().toISOString(),
        verb,
        ...(resource && { resource: resource.name, ...rest }),
        path: url.pathname,
        userAgent: request.headers['user-agent'] ?? '',
        code: response.headersSent ? response.statusCode : 0,
      })
    }
  }

  return (request, response) => {
    const url = new URL(request.url ?? '/', 'https://localhost')
    handle({ request, response, url }).catch((error: unknown) => fail(response, error))
  }
}

const HEALTH_PATHS = new Set(['/healthz', '/livez', '/readyz'])

function readInfo({ request, url }: Exchange): RequestInfo | undefined {
  try {
    return parseRequestInfo(request.method ?? 'GET', url)
  } catch {
    // A path with invalid escapes names nothing.
    return undefined
  }
}

async function answerResource(state: ApiState, info: RequestInfo, exchange: Exchange): Promise<void> {
  const { response } = exchange
  const handler = handlerOf(info)
  const call = await readCall(state, info, exchange)
  // A created object has its name in the body.
  const name = info.name ?? textOf(fieldsOf(fieldsOf(call.body).metadata).name)
  const { delay, fault } = state.faults.onRequest({ ...info, name })
  if (delay > 0) await sleep(delay, undefined, { ref: false })
  if (fault?.type === 'status') throw statusOf(fault)
  // A client may have left during the delay.
  if (fault?.type === 'cut' || response.destroyed) return void response.destroy()
  const answer = handler(call)
  if (fault?.type === 'commit-then-cut') response.destroy()
  else if (fault?.type !== 'commit-then-hang') send(response, call, answer)
}

function handlerOf(info: RequestInfo): Handler {
  const route = routeOf(info)
  if (!route) throw noSuchPath()
  const handler = route[info.verb]
  if (!handler) throw methodNotAllowed()
  return handler
}

async function readCall(state: ApiState, info: RequestInfo, { request, url }: Exchange): Promise<Call> {
  const table = wantsTable(request.headers.accept, info)
  if (table === undefined) throw notAcceptable()
  const { value: body, contentType } = await readBody(request)
  return { info, query: url.searchParams, body, contentType, wantsTable: table, state }
}

function answerDocument({ request: { method }, response, url }: Exchange): void {
  // kubectl reads this protobuf document before it writes. An empty document is valid, and then there is nothing to check.
  if (url.pathname === '/openapi/v2') return void response.end()
  const document = discover(url.pathname)
  if (!document) throw noSuchPath()
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed()
  sendJson(response, 200, document)
}

function send(response: ServerResponse, call: Call, answer: Answer): void {
  if ('open' in answer) {
    response.writeHead(answer.code, { 'content-type': answer.contentType })
    return answer.open(response)
  }
  const isTable = call.wantsTable && fieldsOf(answer.body).kind !== 'Status'
  sendJson(response, answer.code, isTable ? createTableRenderer(call)(answer.body) : answer.body)
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const { status } = error instanceof ApiError ? error : internalError(error)
  const retryAfter = status.details?.retryAfterSeconds
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
  sendJson(response, status.code, status)
}

const REASONS: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

function statusOf({ code, retryAfterSeconds }: Fault & { type: 'status' }): ApiError {
  const details = retryAfterSeconds === undefined ? undefined : { retryAfterSeconds }
  return new ApiError(code, REASONS[code] ?? '', `injected fault: status ${code}`, details)
}
