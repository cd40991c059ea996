// Writes a software bill of materials for each image, in CycloneDX:
//
//   node scripts/sbom.mjs [folder]        (default dist/sbom)
//
// It names what is bundled: the packages of the program and all that they depend on. What is in the base images, their
// own bills of materials say.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGES = ['ingest', 'worker', 'dashboard', 'devcluster']

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = resolve(process.argv[2] ?? 'dist/sbom')
mkdirSync(folder, { recursive: true })

for (const name of PACKAGES) {
  const file = join(folder, `${name}.cdx.json`)
  const flags = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--prod', '--out', file]
  const { status } = spawnSync('pnpm', ['--filter', `@opifer/${name}`, 'sbom', ...flags], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
  const { components } = JSON.parse(readFileSync(file, 'utf8'))
  console.log(`${file}: ${components.length} components`)
}
