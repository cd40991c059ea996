/**
 * `npm run test:containers`: tests what Opifer relies on against real servers: Redis and k3s in containers, the cluster of
 * `KUBECONFIG`, the API server of `KUBEBUILDER_ASSETS`. Servers that are not available are listed, and fail nothing.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { K3sContainer } from '@testcontainers/k3s'
import { RedisContainer } from '@testcontainers/redis'
import { startApiServer } from './api-server.ts'
import { whyNotRunnable } from './image.ts'

const REDIS_IMAGE = process.env['OPIFER_REDIS_IMAGE'] ?? 'redis:8'
const K3S_IMAGE = process.env['OPIFER_K3S_IMAGE'] ?? 'rancher/k3s:v1.34.1-k3s1'

const CONTRACT = 'tests/contract.test.ts'
const API_SERVER = 'tests/api-server.test.ts'
const QUEUE = ['apps/ingest/src/intake.test.ts', 'apps/worker/src/queue', 'packages/history/src']

type TargetResult = 'passed' | 'failed' | `not run: ${string}`

/** A server to test against. */
interface Target {
  name: string
  run: (folder: string) => Promise<TargetResult>
}

const targets: Target[] = [
  { name: `Redis in a container (${REDIS_IMAGE})`, run: againstRedis },
  { name: `k3s in a container (${K3S_IMAGE})`, run: againstK3s },
  { name: 'the cluster of KUBECONFIG', run: againstKubeconfig },
  { name: 'the API server of KUBEBUILDER_ASSETS', run: againstApiServer },
]

// Containers are always stopped here, so Ryuk is not needed.
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
const folder = await mkdtemp(join(tmpdir(), 'opifer-containers-'))
const results: [string, TargetResult][] = []
try {
  for (const { name, run } of targets) results.push([name, await run(folder)])
} finally {
  await rm(folder, { recursive: true })
}
for (const [name, result] of results) console.log(`containers: ${name}: ${result}`)
process.exitCode = results.some(([, result]) => result === 'failed') ? 1 : 0

async function againstRedis(): Promise<TargetResult> {
  const reason = await whyNotRunnable(REDIS_IMAGE)
  if (reason !== undefined) return `not run: ${reason}`
  const redis = await new RedisContainer(REDIS_IMAGE).withPassword('opifer').start()
  try {
    const url = redis.getConnectionUrl()
    return await vitest([CONTRACT, ...QUEUE], { REDIS_URL: url, OPIFER_TEST_REDIS_URL: url })
  } finally {
    await redis.stop()
  }
}

async function againstK3s(parent: string): Promise<TargetResult> {
  const reason = await whyNotRunnable(K3S_IMAGE)
  if (reason !== undefined) return `not run: ${reason}`
  const k3s = await new K3sContainer(K3S_IMAGE).start()
  try {
    const kubeconfig = join(parent, 'k3s')
    await writeFile(kubeconfig, k3s.getKubeConfig(), { mode: 0o600 })
    return await vitest([API_SERVER, CONTRACT], { OPIFER_TEST_KUBECONFIG: kubeconfig })
  } finally {
    await k3s.stop()
  }
}

async function againstKubeconfig(): Promise<TargetResult> {
  const kubeconfig = process.env['KUBECONFIG']
  if (!kubeconfig) return 'not run: KUBECONFIG is not set'
  return vitest([API_SERVER, CONTRACT], { OPIFER_TEST_KUBECONFIG: kubeconfig })
}

async function againstApiServer(parent: string): Promise<TargetResult> {
  const assets = process.env['KUBEBUILDER_ASSETS']
  if (!assets) return 'not run: KUBEBUILDER_ASSETS is not set'
  const server = await startApiServer(assets, parent)
  try {
    // Without controllers, no Job runs there.
    return await vitest([API_SERVER], { OPIFER_TEST_KUBECONFIG: server.kubeconfig })
  } finally {
    await server.stop()
  }
}

/** Runs tests with these variables. Timeouts are long, for image pulls and pod back-offs. */
async function vitest(files: string[], env: Record<string, string>): Promise<TargetResult> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const args = ['run', '--testTimeout=180000', '--hookTimeout=180000', '--passWithNoTests', ...files]
  const child = spawn(join(root, 'node_modules/.bin/vitest'), args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0 ? 'passed' : 'failed'
}
