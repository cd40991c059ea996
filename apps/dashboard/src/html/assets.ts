import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const TYPES = {
  'app.css': 'text/css; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'favicon.svg': 'image/svg+xml',
} as const

type AssetName = keyof typeof TYPES

const NAMES = Object.keys(TYPES) as AssetName[]

/** The files that the pages load. They load nothing from other servers. */
export const ASSETS = NAMES.map((name) => {
  const content = readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8')
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12)
  return { name, path: `/assets/${hash}/${name}`, type: TYPES[name], content }
})

const PATHS = new Map(ASSETS.map(({ name, path }) => [name, path]))

/** The URL path of a file. It changes with the content, so browsers can cache it forever. */
export function assetPath(name: AssetName): string {
  return PATHS.get(name) ?? ''
}
