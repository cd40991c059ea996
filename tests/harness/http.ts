import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Reply {
  status: number | undefined
  contentType: string | undefined
  text: string
}

/** Posts a body with exactly these headers, on a new connection unless an agent keeps one. */
export async function postBody(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string>,
  agent = new Agent({ keepAlive: false }),
): Promise<Reply> {
  const outgoing = request(url, {
    method: 'POST',
    agent,
    headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
  })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  outgoing.end(body)
  const [response] = await answered
  // A server that answers before it has read everything may close the connection while the body is being written.
  outgoing.on('error', () => {})
  return { status: response.statusCode, contentType: response.headers['content-type'], text: await text(response) }
}
