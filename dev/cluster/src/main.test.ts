import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BatchV1Api, CoreV1Api, KubeConfig, type V1Job } from '@kubernetes/client-node'
import { eventually, type ManagedProcess, startProcess } from '@opifer/testkit'
import { expect, it, onTestFinished } from 'vitest'

const main = join(import.meta.dirname, 'main.ts')

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'devcluster-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

async function start(...args: string[]): Promise<ManagedProcess> {
  const cluster = await startProcess({ command: process.execPath, args: [main, ...args], readyLine: /ready at https:/ })
  onTestFinished(async () => void (await cluster.kill()))
  return cluster
}

async function startWithImages(images: object) {
  const folder = await makeFolder()
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(join(folder, 'images.json'), JSON.stringify(images))
  const cluster = await start('--kubeconfig', kubeconfig, '--images', join(folder, 'images.json'))
  const config = new KubeConfig()
  config.loadFromString(await readFile(kubeconfig, 'utf8'))
  return { cluster, config }
}

const job: V1Job = {
  metadata: { name: 'greet' },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'local/greeter:1' }] } } },
}

it('runs a Job by the program that stands for its image, and closes when told to', async () => {
  const { cluster, config } = await startWithImages({ 'local/greeter': { command: ['sh', '-c', 'echo hello'] } })
  const [batch, core] = [config.makeApiClient(BatchV1Api), config.makeApiClient(CoreV1Api)]
  await batch.createNamespacedJob({ namespace: 'default', body: job })
  await eventually(async () => {
    const { status } = await batch.readNamespacedJob({ namespace: 'default', name: 'greet' })
    expect(status?.succeeded).toBe(1)
  })
  const { items } = await core.listNamespacedPod({ namespace: 'default', labelSelector: 'job-name=greet' })
  const name = items[0]?.metadata?.name ?? ''
  expect(await core.readNamespacedPodLog({ namespace: 'default', name })).toBe('hello\n')
  expect(await cluster.stop()).toBe(0)
})

it('stops a Job that still runs when it closes', async () => {
  const { cluster, config } = await startWithImages({ 'local/greeter': { command: ['sleep', '1000'] } })
  await config.makeApiClient(BatchV1Api).createNamespacedJob({ namespace: 'default', body: job })
  await eventually(async () => {
    const { items } = await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: 'default' })
    expect(items[0]?.status?.phase).toBe('Running')
  })
  expect(await cluster.stop()).toBe(0)
})

it.each([
  [['--port', 'eighty'], 'port'],
  [['--port', '70000'], 'port'],
  [['--unheard-of'], 'unheard-of'],
  [['--images', 'no-such-file'], 'no-such-file'],
])('says what is wrong with %j', async (args, message) => {
  const cluster = await startProcess({ command: process.execPath, args: [main, ...args] })
  expect(await cluster.exited).toBe(1)
  expect(cluster.lines.join('\n')).toContain(message)
  expect(cluster.lines.join('\n')).toContain('usage: devcluster')
})
