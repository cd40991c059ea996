import { OpenAPIHono } from '@hono/zod-openapi'
import type { AuthEnv } from '@opifer/platform/auth'
import { page } from '../../html/layout.ts'
import type { DashboardDeps } from '../../runs/deps.ts'
import { frameOf } from '../frame.ts'
import { docsPage, type OpenApiDocument } from '../../html/pages/docs.ts'
import { eventsApi } from './live.ts'
import { type About, openferoApi } from './openfero.ts'
import { operariosApi } from './operarios.ts'
import { runsApi } from './runs.ts'

/** The JSON API, its OpenAPI document, and the page that shows the document. */
export function api(deps: DashboardDeps, build: About): OpenAPIHono<AuthEnv> {
  const app = new OpenAPIHono<AuthEnv>()
  app.route('/', runsApi(deps))
  app.route('/', operariosApi(deps))
  app.route('/', eventsApi(deps.live))
  app.route('/', openferoApi(deps, build))
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Opifer API',
      version: build.version,
      description: 'What became of alerts. Errors are problems as RFC 9457 describes them; times are RFC 3339.',
    },
  })
  app.get('/api/openapi.json', (c) => c.json(document))
  app.get('/api/docs', (c) => c.html(page(frameOf(c, 'API'), docsPage(document as unknown as OpenApiDocument))))
  return app
}
