import type { Dispatcher } from 'undici'
import { ApiError, NO_REASON } from './errors.ts'

/** Reads an error response, consuming its body. */
export async function readError(
  { statusCode: code, headers, body }: Dispatcher.ResponseData,
  now: number,
): Promise<ApiError> {
  const { reason = NO_REASON, message = '' } = await readStatus(body)
  return new ApiError({ code, reason, message, retryAfterMs: readRetryAfter(headers['retry-after'], now) })
}

/** Upper limit on `Retry-After`, whatever the server or a proxy in front of it asks for. */
const MAX_RETRY_AFTER_MS = 300_000

/** Seconds or a date (RFC 9110, section 10.2.3). */
function readRetryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const text = String(header)
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}

/** Anything but a Status, such as a proxy's error page, is not fit for a log and is dropped. */
async function readStatus(body: Dispatcher.ResponseData['body']): Promise<{ reason?: string; message?: string }> {
  try {
    const status = (await body.json()) as { kind?: string; reason?: string; message?: string } | null
    return status?.kind === 'Status' ? status : {}
  } catch {
    return {}
  }
}

/**
 * The texts of `Warning` headers (RFC 7234, section 5.5). The API server sends them, with code 299, when it
 * accepts a request with reservations: a Job whose pods the namespace's pod security level forbids, for example.
 */
export function readWarnings(header: string | string[] = []): string[] {
  return [header].flat().flatMap((line) => {
    const warnings = [...line.matchAll(WARNING)].filter(([, code]) => code === '299')
    return warnings.map(([, , text = '']) => text.replace(/\\(.)/g, '$1')).filter(Boolean)
  })
}

/** Code, agent and quoted text; a date may follow. */
const WARNING = /(\d{3}) \S+ "((?:[^"\\]|\\.)*)"/g

/** Splits a UTF-8 stream into lines. Skips empty lines and an unterminated last line. */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  for await (const chunk of stream) {
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n')
    pieces.push(first)
    for (const piece of rest) {
      const line = pieces.join('')
      if (line !== '') yield line
      pieces = [piece]
    }
  }
}
