// Makes of each program what its image holds, in <folder>/<program>/app:
//
//   node scripts/bundle.mjs <folder>
//
// Each is one file of readable JavaScript, bin/main.mjs, beside the files that it serves as they are.
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
    // The oldest Node that the project runs on.
    target: 'node24.11',
    format: 'esm',
    // Left as they are: a stack trace names what is in the source.
    minify: false,
    // Packages in CommonJS call `require` for what Node has built in.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)",
    },
    legalComments: 'eof',
    plugins: [punycode],
    logLevel: 'warning',
  })
  await cp(join(root, 'deploy/images/healthcheck.mjs'), join(folder, 'healthcheck.mjs'))
  // Sources look for them at ../assets, and so does the bundle.
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
