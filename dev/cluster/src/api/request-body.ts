import type { IncomingMessage } from 'node:http'
import { load } from 'js-yaml'
import { badRequest, entityTooLarge, unsupportedMediaType } from './status.ts'

/** The API server's limit: k8s.io/apiserver/pkg/server/config.go, MaxRequestBodyBytes. */
const BODY_LIMIT = 3 * 1024 * 1024

export interface RequestBody {
  value: unknown
  contentType: string
}

/** Reads and parses the body; `value` is undefined if it is empty. */
export async function readBody(request: IncomingMessage): Promise<RequestBody> {
  const contentType =
    (request.headers['content-type'] ?? 'application/json').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const bytes = await readBytes(request)
  if (bytes.length === 0) return { value: undefined, contentType }
  return { value: parse(bytes, contentType), contentType }
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    // Read to the end: a client that is still writing would not see the answer.
    if (size <= BODY_LIMIT) chunks.push(chunk)
  }
  if (size > BODY_LIMIT) throw entityTooLarge(BODY_LIMIT)
  return Buffer.concat(chunks)
}

function parse(bytes: Buffer, contentType: string): unknown {
  const value = parseAs(bytes, contentType)
  if (value === undefined) throw unsupportedMediaType(['application/json', 'application/yaml'])
  return value
}

function parseAs(bytes: Buffer, contentType: string): unknown {
  try {
    if (contentType === 'application/yaml') return load(bytes.toString(), { maxAliases: 100 })
    return /^application\/(?:.*\+)?json$/.test(contentType) ? JSON.parse(bytes.toString()) : undefined
  } catch (error) {
    throw badRequest(`the body of the request cannot be read: ${error instanceof Error ? error.message : 'unknown'}`)
  }
}
