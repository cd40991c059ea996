import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'

const TYPES = {
  'app.css': 'text/css; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'favicon.svg': 'image/svg+xml',
} as const

type AssetName = keyof typeof TYPES

const NAMES = Object.keys(TYPES) as AssetName[]

const CONTENTS = new Map(
  NAMES.map((name) => [name, readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8')]),
)

const PATHS = new Map(
  NAMES.map((name) => {
    const hash = createHash('sha256')
      .update(CONTENTS.get(name) ?? '')
      .digest('hex')
    return [name, `/assets/${hash.slice(0, 12)}/${name}`] as const
  }),
)

/** Where a page finds a file. The path changes with the contents, so what a browser has kept is never out of date. */
export function assetPath(name: AssetName): string {
  return PATHS.get(name) ?? ''
}

/** What the pages need beside themselves. Nothing is fetched from anywhere else. */
export function assetsApp(): Hono {
  const app = new Hono()
  for (const name of NAMES) {
    const headers = { 'Content-Type': TYPES[name], 'Cache-Control': 'public, max-age=31536000, immutable' }
    app.get(assetPath(name), (c) => c.body(CONTENTS.get(name) ?? '', 200, headers))
  }
  return app
}
