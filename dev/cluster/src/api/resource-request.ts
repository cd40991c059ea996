import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../faults/fault-rule.ts'
import { fieldsOf, textOf } from '../validation/value.ts'
import type { Answer, ApiState, Call, Handler } from './call.ts'
import { negotiate } from './negotiate.ts'
import { readBody } from './request-body.ts'
import type { RequestInfo } from './request-info.ts'
import { routeOf } from './routes.ts'
import { send } from './send.ts'
import { ApiError, methodNotAllowed, noSuchPath, notAcceptable } from './status.ts'
import { createTableRenderer } from './table/render.ts'

export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  url: URL
}

/** Answers a request to a resource, unless a fault has it otherwise. */
export async function answerResource(state: ApiState, info: RequestInfo, exchange: Exchange): Promise<void> {
  const { response } = exchange
  const handler = handlerOf(info)
  const call = await readCall(state, info, exchange)
  const { delay, fault } = state.faults.onRequest({ ...info, name: info.name ?? nameIn(call.body) })
  if (delay > 0) await sleep(delay, undefined, { ref: false })
  if (fault?.type === 'status') throw statusOf(fault)
  // Who has left while he was held up wants nothing any more.
  if (fault?.type === 'cut' || response.destroyed) response.destroy()
  else finish(call, handler(call), exchange, fault)
}

function handlerOf(info: RequestInfo): Handler {
  const route = routeOf(info)
  if (!route) throw noSuchPath()
  const handler = route[info.verb]
  if (!handler) throw methodNotAllowed()
  return handler
}

async function readCall(state: ApiState, info: RequestInfo, { request, url }: Exchange): Promise<Call> {
  const format = info.subresource === 'log' ? 'object' : negotiate(request.headers.accept)
  if (!format) throw notAcceptable()
  const { value: body, size: bodySize, contentType } = await readBody(request)
  const wantsTable = format === 'table'
  return { info, query: url.searchParams, body, bodySize, contentType, wantsTable, state, warnings: [] }
}

function finish(call: Call, answer: Answer, { response }: Exchange, fault: Fault | undefined): void {
  if (fault?.type === 'commit-then-cut') response.destroy()
  else if (fault?.type !== 'commit-then-hang') send(response, asWanted(call, answer), call.warnings)
}

function asWanted(call: Call, answer: Answer): Answer {
  if ('open' in answer || !call.wantsTable || fieldsOf(answer.body).kind === 'Status') return answer
  return { code: answer.code, body: createTableRenderer(call)(answer.body) }
}

/** A create has the name in its body. */
function nameIn(body: unknown): string {
  return textOf(fieldsOf(fieldsOf(body).metadata).name)
}

const reasons: Record<number, string> = {
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
  return new ApiError(code, reasons[code] ?? '', `devcluster was told to answer ${code}`, details)
}
