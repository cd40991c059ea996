// Bundles each program for its image, into <folder>/<program>/app:
//
//   node scripts/bundle.mjs <folder>
//
// Each is one file of readable JavaScript, bin/main.mjs, next to its static files.
import { cp, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = resolve(process.argv[2] ?? 'dist')

const programs = {
  ingest: { entry: 'apps/ingest/src/main.ts' },
  worker: { entry: 'apps/worker/src/main.ts' },
  dashboard: { entry: 'apps/dashboard/src/main.ts', assets: 'apps/dashboard/src/assets', packages: ['@bull-board/ui'] },
  devcluster: { entry: 'dev/cluster/src/main.ts' },
  loader: { entry: 'dev/stack/src/load.ts' },
}

/** Node's own `punycode` is deprecated and warns when it is used; packages that ask for it mean the one in their dependencies. */
const punycode = {
  name: 'punycode',
  setup({ onResolve, resolve: look }) {
    onResolve({ filter: /^punycode$/ }, ({ kind, resolveDir }) => look('punycode/', { kind, resolveDir }))
  },
}

for (const [name, program] of Object.entries(programs)) await bundle(join(out, name, 'app'), program)

async function bundle(folder, { entry, assets, packages = [] }) {
  await mkdir(folder, { recursive: true })
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(folder, 'bin/main.mjs'),
    bundle: true,
    platform: 'node',
    // The oldest supported Node.
    target: 'node24.11',
    format: 'esm',
    // Not minified, so stack traces show the source's names.
    minify: false,
    // CommonJS packages call `require` for Node's built-ins.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)",
    },
    legalComments: 'eof',
    plugins: [punycode],
    logLevel: 'warning',
  })
  await cp(join(root, 'deploy/images/healthcheck.mjs'), join(folder, 'healthcheck.mjs'))
  // At ../assets, as in the sources.
  if (assets) await cp(join(root, assets), join(folder, 'assets'), { recursive: true })
  for (const name of packages) await copyPackage(name, join(root, dirname(entry)), folder)
}

/** A package whose files are looked for where the package manager would have put them. */
async function copyPackage(name, from, folder) {
  const manifest = createRequire(join(from, 'main.ts')).resolve(`${name}/package.json`)
  await cp(dirname(manifest), join(folder, 'node_modules', name), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  })
}
