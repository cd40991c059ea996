// Makes a fresh clone ready and then runs one script of package.json:
//
//   node scripts/bootstrap.mjs <script> [arguments of the script]
//
// Needs nothing but Node >= 20 and npm. Leaves stdout to the script.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const NOTICE_AFTER = 2_000

const children = new Set()

forwardSignals()
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  say(error.message)
  process.exitCode = 1
}

async function main(scriptAndArgs) {
  const pnpm = await providePnpm()
  // pnpm sees by itself, and at once, when there is nothing to install.
  await step('installing dependencies', pnpm, ['install', '--frozen-lockfile', '--prefer-offline'])
  await provideRedis()
  return runScript(pnpm, scriptAndArgs)
}

/** The path of the pinned pnpm, which npm fetches once and then keeps. */
async function providePnpm() {
  const { packageManager } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
  const args = ['--yes', '--prefer-offline', `--package=${packageManager}`, '--call', 'command -v pnpm']
  // npm 12 runs no install script that it is not told to, and pnpm's is what puts the program in its place.
  const stdout = await step(`fetching ${packageManager}`, 'npx', args, { npm_config_allow_scripts: 'pnpm' })
  return stdout.trim()
}

async function provideRedis() {
  if (process.env.REDIS_URL || works('redis-server', '--version')) return
  if (process.getuid?.() === 0 && works('apt-get', '--version') && (await installRedis())) return
  // Last, because an engine that answers may still be unable to fetch an image.
  if (works('docker', 'info')) return
  throw new Error(`Redis is needed, in one of three ways:
  - set REDIS_URL to a Redis that may be used for this
  - install redis-server, so that it is on the PATH
  - start Docker`)
}

async function installRedis() {
  const installer = fileURLToPath(new URL('install-debian-package.mjs', import.meta.url))
  try {
    await step('installing redis-server', process.execPath, [installer, 'redis-server'])
    return true
  } catch (error) {
    say(error.message)
    return false
  }
}

function runScript(pnpm, scriptAndArgs) {
  const env = {
    // Scripts call pnpm by its name, and so does turbo.
    PATH: `${dirname(pnpm)}${delimiter}${process.env.PATH}`,
    TURBO_TELEMETRY_DISABLED: '1',
  }
  return exitCodeOf(start(pnpm, ['--silent', 'run', ...scriptAndArgs], { stdio: 'inherit', env }))
}

/** Runs a command and returns its stdout. Speaks up only when it takes its time or fails. */
async function step(what, command, args, env) {
  const began = Date.now()
  const notice = setTimeout(() => say(`${what} ...`), NOTICE_AFTER)
  const child = start(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  const [code, stdout, stderr] = await Promise.all([exitCodeOf(child), text(child.stdout), text(child.stderr)])
  clearTimeout(notice)

  const took = Date.now() - began
  if (code !== 0) throw new Error(`${what} failed with exit code ${code}\n${stdout}${stderr}`)
  if (took >= NOTICE_AFTER) say(`${what} took ${Math.round(took / 1_000)} s`)
  return stdout
}

function start(command, args, { stdio, env }) {
  const child = spawn(command, args, { cwd: root, stdio, env: { ...process.env, ...env } })
  children.add(child)
  child.once('close', () => children.delete(child))
  return child
}

/** The exit code as a shell reports it: 128 + n when signal n ended the process. */
function exitCodeOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}

function forwardSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C reaches every process of the terminal; a second one would tell the script to give up at once.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      for (const child of children) child.kill(signal)
    })
  }
}

function works(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

function say(message) {
  console.error(`bootstrap: ${message}`)
}
