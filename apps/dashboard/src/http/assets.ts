import { Hono } from 'hono'
import { ASSETS } from '../html/assets.ts'

export function assetsApp(): Hono {
  const app = new Hono()
  for (const { path, type, content } of ASSETS) {
    const headers = { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' }
    app.get(path, (c) => c.body(content, 200, headers))
  }
  return app
}
