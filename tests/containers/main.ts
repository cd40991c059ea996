/**
 * `npm run test:containers`: the tests of what Opifer relies on, against servers that are not this project's: Redis and k3s
 * in containers, a cluster by `KUBECONFIG`, an API server by `KUBEBUILDER_ASSETS`. What is not there is named, and is no
 * failure.
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
import { imageProblem } from './image.ts'

const REDIS_IMAGE = process.env['OPIFER_REDIS_IMAGE'] ?? 'redis:8'
const K3S_IMAGE = process.env['OPIFER_K3S_IMAGE'] ?? 'rancher/k3s:v1.34.1-k3s1'

/** The whole contract, from webhook to outcome. */
const CONTRACT = 'tests/contract.test.ts'
const API_SERVER = 'tests/api-server.test.ts'
const QUEUE = ['apps/ingest/src/intake.test.ts', 'apps/worker/src/queue', 'packages/history/src']

type Ending = 'passed' | 'failed' | `not run: ${string}`

/** Something to test against, for as long as `use` lasts. */
interface Target {
  name: string
  run: (folder: string) => Promise<Ending>
}

const targets: Target[] = [
  { name: `Redis in a container (${REDIS_IMAGE})`, run: againstRedis },
  { name: `k3s in a container (${K3S_IMAGE})`, run: againstK3s },
  { name: 'the cluster of KUBECONFIG', run: againstKubeconfig },
  { name: 'the API server of KUBEBUILDER_ASSETS', run: againstApiServer },
]

// Containers are stopped here, whatever comes: no container that watches over them is needed.
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
const folder = await mkdtemp(join(tmpdir(), 'opifer-containers-'))
const endings: [string, Ending][] = []
try {
  for (const { name, run } of targets) endings.push([name, await run(folder)])
} finally {
  await rm(folder, { recursive: true })
}
for (const [name, ending] of endings) console.log(`containers: ${name}: ${ending}`)
process.exitCode = endings.some(([, ending]) => ending === 'failed') ? 1 : 0

async function againstRedis(): Promise<Ending> {
  const problem = await imageProblem(REDIS_IMAGE)
  if (problem !== undefined) return `not run: ${problem}`
  const redis = await new RedisContainer(REDIS_IMAGE).withPassword('opifer').start()
  try {
    const url = redis.getConnectionUrl()
    return await vitest([CONTRACT, ...QUEUE], { REDIS_URL: url, OPIFER_TEST_REDIS_URL: url })
  } finally {
    await redis.stop()
  }
}

async function againstK3s(within: string): Promise<Ending> {
  const problem = await imageProblem(K3S_IMAGE)
  if (problem !== undefined) return `not run: ${problem}`
  const k3s = await new K3sContainer(K3S_IMAGE).start()
  try {
    const kubeconfig = join(within, 'k3s')
    await writeFile(kubeconfig, k3s.getKubeConfig(), { mode: 0o600 })
    return await vitest([API_SERVER, CONTRACT], { OPIFER_TEST_KUBECONFIG: kubeconfig })
  } finally {
    await k3s.stop()
  }
}

async function againstKubeconfig(): Promise<Ending> {
  const kubeconfig = process.env['KUBECONFIG']
  if (!kubeconfig) return 'not run: KUBECONFIG is not set'
  return vitest([API_SERVER, CONTRACT], { OPIFER_TEST_KUBECONFIG: kubeconfig })
}

async function againstApiServer(within: string): Promise<Ending> {
  const assets = process.env['KUBEBUILDER_ASSETS']
  if (!assets) return 'not run: KUBEBUILDER_ASSETS is not set'
  const server = await startApiServer(assets, within)
  try {
    // Nothing runs Jobs there.
    return await vitest([API_SERVER], { OPIFER_TEST_KUBECONFIG: server.kubeconfig })
  } finally {
    await server.stop()
  }
}

/** Runs tests with these variables. Images are pulled and pods backed off in their own time. */
async function vitest(files: string[], env: Record<string, string>): Promise<Ending> {
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
