import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { KubeConfig, type KubernetesObject, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node'
import { loadAll } from 'js-yaml'
import { runCommand } from './command.ts'

const USAGE = 'usage: loader --kubeconfig FILE --server URL --write FILE FOLDER'

/** How long to wait for the cluster. */
const TIMEOUT_MS = 180_000
const PAUSE_MS = 500

const FLAGS = { kubeconfig: { type: 'string' }, server: { type: 'string' }, write: { type: 'string' } } as const

/**
 * Applies the YAML files of a folder to a cluster that may still be starting, and writes a kubeconfig for other containers:
 * the cluster's own points to 127.0.0.1.
 */
await runCommand(async () => {
  const { values, positionals } = parseArgs({ options: FLAGS, allowPositionals: true })
  const [folder] = positionals
  const { kubeconfig, server, write } = values
  if (!folder || !kubeconfig || !server || !write) throw new Error(USAGE)
  const objects = await readObjects(folder)
  const access = await retryFor(TIMEOUT_MS, async () => {
    // Read it again each time: a restarted cluster has a new one.
    const found = readAccess(await readFile(kubeconfig, 'utf8'), server)
    for (const object of objects) await apply(found, object)
    return found
  })
  await writeFile(write, access.exportConfig(), { mode: 0o600 })
  for (const { kind, metadata } of objects) console.log(`${kind} ${metadata?.name} applied`)
  console.log(`wrote ${write} for ${server}`)
  return true
})

async function readObjects(folder: string): Promise<KubernetesObject[]> {
  const files = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).toSorted()
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap((text) => loadAll(text) as KubernetesObject[])
}

function readAccess(text: string, server: string): KubeConfig {
  const access = new KubeConfig()
  access.loadFromString(text)
  access.clusters = access.clusters.map((cluster) => ({ ...cluster, server }))
  return access
}

async function apply(access: KubeConfig, object: KubernetesObject): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(access)
  await api.patch(object, undefined, undefined, 'opifer-loader', true, PatchStrategy.ServerSideApply)
}

async function retryFor<T>(timeoutMs: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(PAUSE_MS)
    }
  }
}
