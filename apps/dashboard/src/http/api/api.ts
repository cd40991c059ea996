import { OpenAPIHono } from '@hono/zod-openapi'
import type { AuthEnv } from '@opifer/platform/auth'
import { page } from '../../html/layout.ts'
import { docsPage, type OpenApiDocument } from '../../html/pages/docs.ts'
import type { DashboardDeps } from '../../runs/deps.ts'
import { frameOf } from '../frame.ts'
import type { LiveHub } from '../live/hub.ts'
import { liveApi } from './live.ts'
import { type About, openferoApi } from './openfero.ts'
import { operariosApi } from './operarios.ts'
import { runsApi } from './runs.ts'

export interface ApiDeps extends DashboardDeps {
  live: LiveHub
  build: About
}

/** The JSON API, its OpenAPI document, and the page that renders the document. */
export function api(deps: ApiDeps): OpenAPIHono<AuthEnv> {
  const app = new OpenAPIHono<AuthEnv>()
  app.route('/', runsApi(deps))
  app.route('/', operariosApi(deps))
  app.route('/', liveApi(deps.live))
  app.route('/', openferoApi(deps, deps.build))
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Opifer API',
      version: deps.build.version,
      description: 'Alerts, their runs and outcomes. Errors are problem details (RFC 9457); times are RFC 3339.',
    },
  })
  app.get('/api/openapi.json', (c) => c.json(document))
  app.get('/api/docs', (c) => c.html(page(frameOf(c, 'API'), docsPage(document as unknown as OpenApiDocument))))
  return app
}
