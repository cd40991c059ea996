import type { ServerResponse } from 'node:http'
import type { Answer } from './call.ts'
import type { ApiError } from './status.ts'

export function send(response: ServerResponse, answer: Answer, warnings: readonly string[] = []): void {
  if ('open' in answer) {
    response.writeHead(answer.code, { 'content-type': answer.contentType })
    answer.open(response)
    return
  }
  // Quotes and backslashes within the text are escaped as JSON has them, and as RFC 7234 wants.
  if (warnings.length > 0) {
    response.setHeader(
      'warning',
      warnings.map((text) => `299 - ${JSON.stringify(text)}`),
    )
  }
  sendJson(response, answer.code, answer.body)
}

export function sendError(response: ServerResponse, { status }: ApiError): void {
  const retryAfter = status.details?.retryAfterSeconds
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
  sendJson(response, status.code, status)
}

export function sendJson(response: ServerResponse, code: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
