import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { AuthEnv } from '@opifer/platform/auth'
import { problem } from '@opifer/platform/http'
import type { LiveHub } from '../live/hub.ts'
import { problems } from './responses.ts'

const stream = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'Stream live changes',
  description:
    'Server-Sent Events. The event `changes` has data `{"changes":[{"id","kind"}],"more"}`: which runs changed, and whether others did too. Treat it as a hint and read the runs from /api/runs.',
  responses: {
    200: { description: 'an endless stream', content: { 'text/event-stream': { schema: z.string() } } },
    ...problems(401, 503),
  },
})

export function liveApi(live: LiveHub): OpenAPIHono<AuthEnv> {
  return new OpenAPIHono<AuthEnv>().openapi(stream, (c) => {
    const body = live.join()
    if (!body) return problem(c, 503, 'too many live connections: retry later, or raise --maxViewers')
    if (c.req.method !== 'HEAD') return c.body(body, 200, HEADERS)
    // Hono would drop the body unread, and the hub would count this client forever.
    void body.cancel()
    return c.body(null, 200, HEADERS)
  })
}

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // Stops nginx from buffering the stream.
  'X-Accel-Buffering': 'no',
}
