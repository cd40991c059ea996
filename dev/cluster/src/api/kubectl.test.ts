import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findExecutable, startProcess } from '@opifer/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { DevCluster } from '../dev-cluster.ts'
import { makeConfigMap, makeJob, startTestApi } from './testing.ts'

const kubectl = findExecutable('kubectl')
if (kubectl === undefined) console.warn('kubectl is not on the PATH: what it says to the API is not tested')

interface Kubectl {
  cluster: DevCluster
  /** Runs a command and answers what it printed; fails with what it complained of. */
  run: (...args: string[]) => Promise<string>
  apply: (first: object, ...more: object[]) => Promise<string>
  execute: (args: string[], input?: string) => Promise<string>
  /** What comes before every command. */
  common: string[]
}

async function startWithKubectl(): Promise<Kubectl> {
  const { cluster } = await startTestApi()
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await cluster.writeKubeconfig(join(folder, 'config'))
  const common = [`--kubeconfig=${join(folder, 'config')}`, `--cache-dir=${join(folder, 'cache')}`]
  const execute = (args: string[], input = ''): Promise<string> => {
    const running = promisify(execFile)(kubectl ?? '', [...common, ...args])
    running.child.stdin?.end(input)
    return running.then(({ stdout }) => stdout)
  }
  return {
    cluster,
    run: (...args) => execute(args),
    apply: (first, ...more) => {
      const manifest = more.length === 0 ? first : { apiVersion: 'v1', kind: 'List', items: [first, ...more] }
      return execute(['apply', '-f', '-'], JSON.stringify(manifest))
    },
    execute,
    common,
  }
}

describe.skipIf(kubectl === undefined)('kubectl', () => {
  it('creates what it creates by a command alone', async () => {
    const { run } = await startWithKubectl()
    expect(await run('create', 'namespace', 'other')).toBe('namespace/other created\n')
    expect(await run('create', 'configmap', 'a', '--from-literal=key=value')).toBe('configmap/a created\n')
    expect(await run('create', 'job', 'a', '--image=busybox', '--', 'sh', '-c', 'exit 0')).toBe('job.batch/a created\n')
    expect(await run('get', 'job', 'a', '-o', 'jsonpath={.spec.template.spec.containers[0].command}')).toBe(
      '["sh","-c","exit 0"]',
    )
  })

  it('applies a ConfigMap, and again when it has changed', async () => {
    const { run, apply } = await startWithKubectl()
    expect(await apply(makeConfigMap('a', { old: '1', kept: '1' }))).toBe('configmap/a created\n')
    expect(await apply(makeConfigMap('a', { old: '1', kept: '1' }))).toBe('configmap/a unchanged\n')
    expect(await apply(makeConfigMap('a', { kept: '2' }))).toBe('configmap/a configured\n')
    expect(await run('get', 'configmap', 'a', '-o', 'jsonpath={.data}')).toBe('{"kept":"2"}')
  })

  it('applies a Job twice, and may not change its template', async () => {
    const { apply } = await startWithKubectl()
    expect(await apply(makeJob('a'))).toBe('job.batch/a created\n')
    expect(await apply(makeJob('a'))).toBe('job.batch/a unchanged\n')
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'other' }] } }
    await expect(apply(makeJob('a', { template }))).rejects.toThrow('field is immutable')
  })

  it('applies on the server, or as if it did', async () => {
    const { cluster, execute } = await startWithKubectl()
    const manifest = JSON.stringify(makeConfigMap('a', { key: 'value' }))
    const apply = ['apply', '--server-side', '-f', '-']
    expect(await execute([...apply, '--dry-run=server'], manifest)).toContain('serverside-applied (server dry run)')
    expect(cluster.store.list('configmaps')).toEqual([])
    expect(await execute(apply, manifest)).toBe('configmap/a serverside-applied\n')
  })

  it('is refused what is wrong, and told why', async () => {
    const { apply } = await startWithKubectl()
    await expect(apply({ ...makeConfigMap('a'), dta: {} })).rejects.toThrow('unknown field "dta"')
    await expect(apply(makeJob('a', { backoffLimit: -1 }))).rejects.toThrow('spec.backoffLimit: Invalid value: -1')
    await expect(apply(makeConfigMap('a', {}, { namespace: 'none' }))).rejects.toThrow('namespaces "none" not found')
  })

  it('gets tables', async () => {
    const { run, apply } = await startWithKubectl()
    await apply(makeConfigMap('a', { key: 'value' }), makeJob('b'))
    expect(await run('get', 'configmaps,jobs', '--all-namespaces')).toMatch(
      /NAMESPACE +NAME +DATA +AGE\ndefault +configmap\/a +1 +\d+s\n\nNAMESPACE +NAME +STATUS +COMPLETIONS +DURATION +AGE\ndefault +job.batch\/b +Running +0\/1 +\d+s\n/,
    )
    expect(await run('get', 'jobs', '-o', 'wide')).toMatch(/CONTAINERS +IMAGES +SELECTOR\n.* main +busybox +batch/)
  })

  it('watches', async () => {
    const { run, apply, common } = await startWithKubectl()
    await apply(makeConfigMap('a'))
    const watching = await startProcess({
      command: kubectl ?? '',
      args: [...common, 'get', 'configmaps', '--watch'],
      readyLine: /^a /,
    })
    onTestFinished(async () => void (await watching.kill()))
    await run('create', 'configmap', 'b')
    expect(await watching.waitForLine(/^b /)).toMatch(/^b +0 +\d+s$/)
  })

  it('describes a Job with its events', async () => {
    const { cluster, run, apply } = await startWithKubectl()
    await apply(makeJob('a'))
    const job = cluster.store.get('jobs', 'default', 'a')
    await apply({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'a.1', namespace: 'default' },
      involvedObject: { kind: 'Job', namespace: 'default', name: 'a', uid: job?.metadata.uid },
      type: 'Normal',
      reason: 'Noted',
      message: 'something happened',
    })
    const description = await run('describe', 'job', 'a')
    expect(description).toMatch(/Completions: +1\n/)
    expect(description).toMatch(/Normal +Noted .* something happened/)
  })

  it('reads the logs of a Job’s pod', async () => {
    const { cluster, run, apply } = await startWithKubectl()
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    }
    await apply(pod)
    const uid = cluster.store.get('pods', 'default', 'a')?.metadata.uid ?? ''
    cluster.logs.append(uid, 'main', Buffer.from('one\ntwo\n'))
    cluster.logs.end(uid, 'main')
    expect(await run('logs', 'a', '--tail=1')).toBe('two\n')
    expect(await run('logs', 'a', '--follow')).toBe('one\ntwo\n')
  })

  it('labels, patches and deletes', async () => {
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
