import { type Dispatcher, getGlobalDispatcher, request } from 'undici'
import { type Missing, NoAnswerError } from './errors.ts'
import type { CredentialSource } from './credentials.ts'

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  body?: unknown
  signal?: AbortSignal
  /** Longest silence before the response's headers and between two chunks of its body. */
  timeoutMs?: number
}

/** Sends one call to the API server. Throws a `NoAnswerError` when no response arrives; returns every response, error or not. */
export type Transport = (call: Call) => Promise<Dispatcher.ResponseData>

/** A transport that keeps its connections open between calls. */
export function createTransport(credentials: CredentialSource, userAgent: string): Transport {
  return async function send(call) {
    const { method, body, signal, timeoutMs = DEFAULT_TIMEOUT_MS } = call
    let missing: Missing = 'credentials'
    try {
      const { server, headers, dispatcher = getGlobalDispatcher() } = await credentials.current()
      const url = urlOf(server, call)
      missing = 'connection'
      const sending = beforeSending(() => {
        missing = 'answer'
      })
      const response = await request(url, {
        method,
        headers: {
          ...headers,
          accept: 'application/json',
          'user-agent': userAgent,
          ...(body !== undefined && { 'content-type': method === 'PATCH' ? MERGE_PATCH : 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        ...(signal && { signal }),
        dispatcher: dispatcher.compose(sending),
      })
      if (response.statusCode === 401) credentials.expire()
      return response
    } catch (error) {
      throw new NoAnswerError(missing, error)
    }
  }
}

const DEFAULT_TIMEOUT_MS = 15_000
const MERGE_PATCH = 'application/merge-patch+json'

function urlOf(server: string, { path, query = {} }: Pick<Call, 'path' | 'query'>): URL {
  const url = new URL(server.replace(/\/$/, '') + path)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

/** Calls back just before a request is written to an open connection, after the server's certificate was accepted. */
function beforeSending(onSend: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const start = handler.onRequestStart?.bind(handler)
    handler.onRequestStart = (controller, context) => {
      onSend()
      start?.(controller, context)
    }
    return dispatch(options, handler)
  }
}
