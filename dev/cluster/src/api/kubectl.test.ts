import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findExecutable, startProcess } from '@opifer/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeConfigMap, makeJob, makePod, startTestApi } from '../testing/api.ts'

const kubectl = findExecutable('kubectl')
if (kubectl === undefined) console.warn('kubectl is not on the PATH: the API is not tested with it')

async function startWithKubectl(options = {}) {
  const { cluster } = await startTestApi(options)
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await cluster.writeKubeconfig(join(folder, 'config'))
  const common = [`--kubeconfig=${join(folder, 'config')}`, `--cache-dir=${join(folder, 'cache')}`]
  /** Resolves with the output of a command; rejects with its error messages. */
  const execute = (args: string[], input = ''): Promise<string> => {
    const running = promisify(execFile)(kubectl ?? '', [...common, ...args])
    running.child.stdin?.end(input)
    return running.then(({ stdout }) => stdout)
  }
  return {
    cluster,
    common,
    run: (...args: string[]) => execute(args),
    create: (manifest: object) => execute(['create', '-f', '-'], JSON.stringify(manifest)),
    apply(first: object, ...more: object[]) {
      const manifest = more.length === 0 ? first : { apiVersion: 'v1', kind: 'List', items: [first, ...more] }
      return execute(['apply', '-f', '-'], JSON.stringify(manifest))
    },
  }
}

describe.skipIf(kubectl === undefined)('kubectl', () => {
  test('kubectl create creates a manifest once', async () => {
    const { create } = await startWithKubectl()
    expect(await create(makeJob('a'))).toBe('job.batch/a created\n')
    await expect(create(makeJob('a'))).rejects.toThrow('jobs.batch "a" already exists')
  })

  test('kubectl apply creates a ConfigMap and merges its changes', async () => {
    const { run, apply } = await startWithKubectl()
    expect(await apply(makeConfigMap('a', { old: '1', kept: '1' }))).toBe('configmap/a created\n')
    expect(await apply(makeConfigMap('a', { old: '1', kept: '1' }))).toBe('configmap/a unchanged\n')
    expect(await apply(makeConfigMap('a', { kept: '2' }))).toBe('configmap/a configured\n')
    expect(await run('get', 'configmap', 'a', '-o', 'jsonpath={.data}')).toBe('{"kept":"2"}')
  })

  test('kubectl apply leaves a Job unchanged and cannot change its template', async () => {
    const { apply } = await startWithKubectl()
    expect(await apply(makeJob('a'))).toBe('job.batch/a created\n')
    expect(await apply(makeJob('a'))).toBe('job.batch/a unchanged\n')
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'other' }] } }
    await expect(apply(makeJob('a', { template }))).rejects.toThrow('field is immutable')
  })

  test('kubectl apply prints why an object is invalid', async () => {
    const { apply } = await startWithKubectl()
    await expect(apply(makeJob('a', { backoffLimit: -1 }))).rejects.toThrow('spec.backoffLimit: Invalid value: -1')
    await expect(apply(makeConfigMap('a', {}, { namespace: 'none' }))).rejects.toThrow('namespaces "none" not found')
  })

  test('kubectl get prints Jobs with their status, and other kinds with their age', async () => {
    const { run, apply } = await startWithKubectl()
    await apply(makeConfigMap('a', { key: 'value' }), makeJob('b'), makePod('c'))
    expect(await run('get', 'configmaps,jobs,pods', '--all-namespaces')).toMatch(
      /NAMESPACE +NAME +AGE\ndefault +configmap\/a +\d+s\n\nNAMESPACE +NAME +STATUS +COMPLETIONS +AGE\ndefault +job.batch\/b +Running +0\/1 +\d+s\n\nNAMESPACE +NAME +STATUS +AGE\ndefault +pod\/c +Pending +\d+s\n/,
    )
  })

  test('kubectl get --watch prints a Job that is created later', async () => {
    const { apply, common } = await startWithKubectl()
    await apply(makeJob('a'))
    const args = [...common, 'get', 'jobs', '--watch']
    const watching = await startProcess({ command: kubectl ?? '', args, readyLine: /^a / })
    onTestFinished(async () => void (await watching.kill()))
    await apply(makeJob('b'))
    expect(await watching.waitForLine(/^b /)).toMatch(/^b +Running +0\/1 +\d+s$/)
  })

  test('kubectl describe prints a Job with its Events', async () => {
    const { cluster, run, apply } = await startWithKubectl()
    await apply(makeJob('a'))
    const uid = cluster.store.get('jobs', 'default', 'a')?.metadata.uid
    await apply({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'a.1', namespace: 'default' },
      involvedObject: { kind: 'Job', namespace: 'default', name: 'a', uid },
      type: 'Normal',
      reason: 'Noted',
      message: 'something happened',
    })
    const description = await run('describe', 'job', 'a')
    expect(description).toMatch(/Completions: +1\n/)
    expect(description).toMatch(/Normal +Noted .* something happened/)
  })

  test('kubectl wait and kubectl logs follow a Job to its end', async () => {
    const { run, apply } = await startWithKubectl({ controllers: true })
    const containers = [{ name: 'main', image: 'busybox', command: ['sh', '-c', 'echo one; echo two'] }]
    await apply(makeJob('a', { template: { spec: { restartPolicy: 'Never', containers } } }))
    expect(await run('wait', '--for=condition=complete', 'job/a', '--timeout=20s')).toBe('job.batch/a condition met\n')
    expect(await run('logs', 'job/a', '--tail=1')).toBe('two\n')
    expect(await run('logs', 'job/a', '--follow')).toBe('one\ntwo\n')
    expect(await run('get', 'jobs')).toMatch(/a +Complete +1\/1 +\d+s/)
  })

  test('kubectl labels, patches and deletes', async () => {
    const { run, apply } = await startWithKubectl()
    await apply(makeJob('a'), makeConfigMap('b', { key: 'old' }))
    await run('label', 'job', 'a', 'on=yes')
    await run('patch', 'configmap', 'b', '--patch', '{"data":{"key":"new"}}')
    expect(await run('get', 'configmap', 'b', '-o', 'jsonpath={.data.key}')).toBe('new')
    expect(await run('delete', 'jobs', '--selector', 'on=yes')).toBe('job.batch "a" deleted\n')
    expect(await run('delete', 'configmap', 'b')).toBe('configmap "b" deleted\n')
    expect(await run('get', 'jobs,configmaps')).toBe('')
  })
})
