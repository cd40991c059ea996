import { type Dispatcher, request } from 'undici'
import type { CredentialSource } from './credentials.ts'

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  body?: unknown
  signal?: AbortSignal
  /** Longest silence before the answer's head and between two pieces of its body. */
  timeoutMs?: number
}

/** Sends one call to the API server. Rejects when no answer came; any answer is a value. */
export type Transport = (call: Call) => Promise<Dispatcher.ResponseData>

/** A transport over connections that stay open between calls. */
export function createTransport(credentials: CredentialSource, userAgent: string): Transport {
  return async function send({ method, path, query = {}, body, signal, timeoutMs = DEFAULT_TIMEOUT_MS }) {
    const { server, headers, dispatcher } = await credentials.current()
    const url = new URL(server.replace(/\/$/, '') + path)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value))
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
      ...(dispatcher && { dispatcher }),
    })
    if (response.statusCode === 401) credentials.expire()
    return response
  }
}

const DEFAULT_TIMEOUT_MS = 15_000
const MERGE_PATCH = 'application/merge-patch+json'
