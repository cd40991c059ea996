import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BatchV1Api, KubeConfig } from '@kubernetes/client-node'
import { PATIENCE, startProcess } from '@opifer/testkit'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeJob } from './testing/api.ts'

const main = join(import.meta.dirname, 'main.ts')

test('the program runs a Job with the local program of its image and exits cleanly', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'devcluster-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [kubeconfig, images] = [join(folder, 'kubeconfig'), join(folder, 'images.json')]
  await writeFile(images, JSON.stringify({ busybox: { command: ['sh', '-c', 'exit 0'] } }))
  const args = [main, '--kubeconfig', kubeconfig, '--images', images]
  const cluster = await startProcess({ command: process.execPath, args, readyLine: /ready at https:/ })
  onTestFinished(async () => void (await cluster.kill()))
  const config = new KubeConfig()
  config.loadFromString(await readFile(kubeconfig, 'utf8'))
  const batch = config.makeApiClient(BatchV1Api)
  await batch.createNamespacedJob({ namespace: 'default', body: makeJob('greet') })
  await vi.waitFor(async () => {
    const { status } = await batch.readNamespacedJob({ namespace: 'default', name: 'greet' })
    expect(status?.succeeded).toBe(1)
  }, PATIENCE)
  expect(await cluster.stop()).toBe(0)
})

test.each([
  [['--port', '70000'], 'port'],
  [['--unheard-of'], 'unheard-of'],
  [['--images', 'no-such-file'], 'no-such-file'],
])('the program exits 1 with the reason and its usage for %j', async (args, message) => {
  const error = await promisify(execFile)(process.execPath, [main, ...args]).catch((failure: unknown) => failure)
  expect(error).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
  expect(error).toMatchObject({ stderr: expect.stringContaining('usage: devcluster') })
})
