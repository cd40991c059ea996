import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { KubeConfig, type KubernetesObject, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node'
import { loadAll } from 'js-yaml'
import { runCommand } from './command.ts'

const USAGE = 'usage: load --kubeconfig FILE --server URL --write FILE FOLDER'

/** How long the cluster may take to come up. */
const PATIENCE_MS = 180_000
const PAUSE_MS = 500

const FLAGS = { kubeconfig: { type: 'string' }, server: { type: 'string' }, write: { type: 'string' } } as const

/**
 * Loads the objects of a folder's YAML files into a cluster that is coming up, and writes down how other containers reach
 * it: a cluster's own kubeconfig leads to 127.0.0.1, as seen from itself.
 */
await runCommand(async () => {
  const { values, positionals } = parseArgs({ options: FLAGS, allowPositionals: true })
  const [folder] = positionals
  const { kubeconfig, server, write } = values
  if (!folder || !kubeconfig || !server || !write) throw new Error(USAGE)
  const objects = await readObjects(folder)
  const access = await untilIn(PATIENCE_MS, async () => {
    // Read anew each time: a cluster that starts again has a new one.
    const found = readAccess(await readFile(kubeconfig, 'utf8'), server)
    for (const object of objects) await apply(found, object)
    return found
  })
  await writeFile(write, access.exportConfig(), { mode: 0o600 })
  for (const { kind, metadata } of objects) console.log(`${kind} ${metadata?.name} is loaded`)
  console.log(`${write} leads to ${server}`)
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

async function untilIn<T>(patienceMs: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(PAUSE_MS)
    }
  }
}
