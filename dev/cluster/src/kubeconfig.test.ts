import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { expect, it, onTestFinished } from 'vitest'
import { renderKubeconfig, writeKubeconfigFile } from './kubeconfig.ts'

const access = { url: 'https://127.0.0.1:6443', ca: 'PEM', token: 'secret' }

it('is what clients read', () => {
  const config = new KubeConfig()
  config.loadFromString(renderKubeconfig(access))
  expect(config.getCurrentCluster()).toMatchObject({
    server: access.url,
    caData: Buffer.from('PEM').toString('base64'),
  })
  expect(config.getCurrentUser()).toMatchObject({ token: 'secret' })
  expect(config.getContextObject('devcluster')).toMatchObject({ namespace: 'default' })
})

it('is for its owner alone, though the file was there before and open to all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'config')
  await writeFile(path, 'old', { mode: 0o644 })
  await writeKubeconfigFile(path, 'new')
  expect(await readFile(path, 'utf8')).toBe('new')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})
