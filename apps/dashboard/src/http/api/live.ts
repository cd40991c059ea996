import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { AuthEnv } from '@opifer/platform/auth'
import { problem } from '@opifer/platform/http'
import type { LiveHub } from '../live/hub.ts'
import { problems } from './responses.ts'

const events = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'What changes, as it happens',
  description:
    'Server-Sent Events. `changes` has data `{"changes":[{"id","kind"}],"more"}`: runs of which something is new, and whether there are more than are named. It is a hint: read what you need of /api/runs.',
  responses: {
    200: { description: 'a stream without end', content: { 'text/event-stream': { schema: z.string() } } },
    ...problems(401, 503),
  },
})

export function eventsApi(live: LiveHub): OpenAPIHono<AuthEnv> {
  return new OpenAPIHono<AuthEnv>().openapi(events, (c) => {
    const stream = live.join()
    if (!stream) return problem(c, 503, 'too many are kept up to date already: ask again later, or raise --maxViewers')
    if (c.req.method !== 'HEAD') return c.body(stream, 200, HEADERS)
    // Hono would drop it unread, and so nobody would ever give the place back.
    void stream.cancel()
    return c.body(null, 200, HEADERS)
  })
}

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // Proxies such as nginx would hold back what comes in small pieces.
  'X-Accel-Buffering': 'no',
}
