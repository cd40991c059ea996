// Builds the images, labelled, and prints what they weigh:
//
//   node scripts/images.mjs [--tag dev] [--source <URL of the repository>] [--verify]
//
// DOCKER_BUILDKIT=0 builds with the classic builder. --verify builds each twice, without what is cached, and fails unless
// the layers of the application are the same, byte for byte.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const TARGETS = ['ingest', 'worker', 'dashboard', 'devcluster', 'loader']
const MOST_MB = { image: 200, application: 15 }

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: 'dev' },
    source: { type: 'string', default: '' },
    verify: { type: 'boolean', default: false },
  },
})
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
// The time of the commit, so that the same commit makes the same image.
const epoch = run('git', 'log', '-1', '--format=%ct').trim()
const labels = {
  VERSION: version,
  REVISION: run('git', 'rev-parse', 'HEAD').trim(),
  CREATED: new Date(epoch * 1_000).toISOString(),
  SOURCE_URL: values.source,
  SOURCE_DATE_EPOCH: epoch,
}

console.log('image               whole   application  (MB; of the whole, the base image is the rest)')
for (const target of TARGETS) {
  const image = `opifer/${target}:${values.tag}`
  build(target, image)
  report(image)
  if (values.verify) verify(target, image)
}

function build(target, image, ...flags) {
  const args = Object.entries(labels).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  run('docker', 'build', '--quiet', ...flags, ...args, '--target', target, '--tag', image, '.')
}

function report(image) {
  const [{ Size }] = JSON.parse(run('docker', 'image', 'inspect', image))
  const application = applicationBytes(image)
  console.log(`${image.padEnd(18)} ${megabytes(Size).padStart(6)} ${megabytes(application).padStart(13)}`)
  if (application > MOST_MB.application * 1_000_000) fail(`${image}: the application is over ${MOST_MB.application} MB`)
  // The base image is the distributor's; what can be held here is that nothing else came with it.
  if (Size > MOST_MB.image * 1_000_000) console.log(`${' '.repeat(18)} over ${MOST_MB.image} MB, by its base image`)
}

/** What the layers hold that this Dockerfile adds to the base image: those that were copied. */
function applicationBytes(image) {
  const lines = run('docker', 'history', '--no-trunc', '--human=false', '--format', '{{.Size}}\t{{.CreatedBy}}', image)
  const ours = lines.split('\n').slice(
    0,
    lines.split('\n').findIndex((line) => line.includes('ENTRYPOINT')),
  )
  return ours.reduce((sum, line) => sum + Number(line.split('\t')[0]), 0)
}

function verify(target, image) {
  const again = `${image}-again`
  build(target, again, '--no-cache')
  const [first, second] = [image, again].map((name) => layers(name).join('\n'))
  run('docker', 'image', 'rm', again)
  if (first !== second) fail(`${image}: a second build has other layers:\n${first}\n\n${second}`)
  console.log(`${' '.repeat(18)} a second build has the same ${layers(image).length} layers`)
}

function layers(image) {
  return JSON.parse(run('docker', 'image', 'inspect', image))[0].RootFS.Layers
}

function megabytes(bytes) {
  return (bytes / 1_000_000).toFixed(1)
}

function fail(why) {
  console.error(why)
  process.exitCode = 1
}

function run(command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1_024 * 1_024,
  })
  if (status === 0) return stdout
  console.error(`${command} ${args.join(' ')} failed:\n${stderr.split('\n').slice(-40).join('\n')}`)
  process.exit(1)
}
