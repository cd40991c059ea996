import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeKubeConfig, parseKubeConfig } from '../../testing/cluster.ts'
import { currentNamespace, loadKubeConfig } from './kubeconfig.ts'

test('loadKubeConfig finds the API server of the current context', async () => {
  const file = await writeKubeConfig(makeKubeConfig('https://127.0.0.1:6443'))
  expect(loadKubeConfig(file).getCurrentCluster()).toMatchObject({ server: 'https://127.0.0.1:6443' })
})

test.each([
  { what: 'has no context', text: '{}', want: 'has no cluster for its current context' },
  {
    what: 'has a cluster without server',
    text: '{"clusters": [{"name": "a", "cluster": {}}]}',
    want: 'server is missing',
  },
  { what: 'is empty', text: '', want: 'cannot read' },
  {
    what: 'is plain HTTP',
    text: makeKubeConfig('http://127.0.0.1', {}, { 'insecure-skip-tls-verify': false }),
    want: 'not https',
  },
  { what: 'has no scheme', text: makeKubeConfig('127.0.0.1:6443'), want: 'not https' },
])('a kubeconfig that $what is rejected with its path', async ({ text, want }) => {
  const file = await writeKubeConfig(text)
  expect(() => loadKubeConfig(file)).toThrow(want)
  expect(() => loadKubeConfig(file)).toThrow(file)
})

test('without kubeconfig and service account the error names the flag', async () => {
  vi.stubEnv('HOME', await makeDirectory())
  for (const name of ['KUBECONFIG', 'KUBERNETES_SERVICE_HOST']) vi.stubEnv(name, undefined)
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(() => loadKubeConfig(undefined)).toThrow('use --kubeconfig to')
})

test('a missing file is rejected with its path', () => {
  expect(() => loadKubeConfig('/missing/kubeconfig')).toThrow(
    /cannot read the kubeconfig \/missing\/kubeconfig: ENOENT/,
  )
})

test('a YAML error does not quote the file, which holds secrets', async () => {
  const file = await writeKubeConfig('users:\n- user:\n    token: secret\n   name: ada: b\n')
  const error = await new Promise((resolve) => resolve(loadKubeConfig(file))).catch((thrown: unknown) => thrown)
  expect(inspect(error)).toMatch(/cannot read .*: .*\(4:/)
  expect(inspect(error)).not.toContain('secret')
})

test.each([
  { context: { namespace: 'monitoring' }, want: 'monitoring' },
  { context: {}, want: 'default' },
])('the namespace of context $context is $want', ({ context, want }) => {
  const config = JSON.parse(makeKubeConfig('https://127.0.0.1:6443')) as { contexts: { context: object }[] }
  Object.assign(config.contexts[0]!.context, context)
  expect(currentNamespace(parseKubeConfig(JSON.stringify(config)))).toBe(want)
})

async function writeKubeConfig(text: string): Promise<string> {
  const file = join(await makeDirectory(), 'config')
  await writeFile(file, text)
  return file
}

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'opifer-kubeconfig-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}
