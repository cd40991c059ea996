// Bundles each program for its image, into <folder>/<program>/app:
//
//   node scripts/bundle.mjs <folder>
//
// A bundle is one readable JavaScript file, bin/main.mjs, and static assets.
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
  loader: { entry: 'dev/stack/src/loader.ts' },
}

/** Resolves `punycode` to the npm package: Node's own is deprecated and prints a warning. */
const punycode = {
  name: 'punycode',
  setup({ onResolve, resolve: resolveModule }) {
    onResolve({ filter: /^punycode$/ }, ({ kind, resolveDir }) => resolveModule('punycode/', { kind, resolveDir }))
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
    // The oldest supported version.
    target: 'node24.11',
    format: 'esm',
    // Keeps stack traces readable.
    minify: false,
    // CommonJS packages call `require` for Node built-ins.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)",
    },
    legalComments: 'eof',
    plugins: [punycode],
    logLevel: 'warning',
  })
  await cp(join(root, 'deploy/images/healthcheck.mjs'), join(folder, 'healthcheck.mjs'))
  // Both the source and the bundle look in ../assets.
  if (assets) await cp(join(root, assets), join(folder, 'assets'), { recursive: true })
  for (const name of packages) await copyPackage(name, join(root, dirname(entry)), folder)
}

/** Copies a package that reads its own files from node_modules. */
async function copyPackage(name, from, folder) {
  const manifest = createRequire(join(from, 'main.ts')).resolve(`${name}/package.json`)
  await cp(dirname(manifest), join(folder, 'node_modules', name), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  })
}
