import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Container, type Pod, requestPodDeletion } from '../objects/pod.ts'
import { ending, makeConfigMap, runs, startTestCluster, type TestCluster } from '../testing/controllers.ts'

const onLinux = process.platform === 'linux'
const once = { backoffLimit: 0 }
const stateOf = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state
const terminated = (pod: Pod | undefined) => stateOf(pod)?.terminated
const waiting = (pod: Pod | undefined) => stateOf(pod)?.waiting

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // A zombie is dead, even if it has not been reaped yet.
  const stat = `/proc/${pid}/stat`
  return !(existsSync(stat) && readFileSync(stat, 'utf8').includes(') Z '))
}

/** For polling: a killed group dies a moment later. */
const anyAlive = (pids: number[]) => () => pids.some(isAlive)

const initContainer = (name: string, script: string): Container => ({ name, command: ['sh', '-c', script] })

/** Starts a Job whose container forks a child. Resolves with the pod and both pids. */
async function startFamily(cluster: TestCluster, script = 'sleep 60 & echo $! $$$$; wait') {
  cluster.createJob('family', { ...once, template: runs(script, { terminationGracePeriodSeconds: 0 }) })
  await expect.poll(() => cluster.output(cluster.pods('family')[0])).toMatch(/\n$/)
  const pod = cluster.pods('family')[0] as Pod
  return { pod, pids: cluster.output(pod).trim().split(' ').map(Number) }
}

test("a container has its own variables and home, and nothing of this process's environment", async () => {
  const cluster = startTestCluster()
  cluster.createJob('env', { template: runs('env | sort; pwd', {}, { env: [{ name: 'GREETING', value: 'hi' }] }) })
  await cluster.finished('env')
  const [pod] = cluster.pods('env')
  const names = cluster
    .output(pod)
    .split('\n')
    .map((line) => line.split('=')[0] ?? '')
  // PWD, SHLVL and _ are the shell's own.
  const own = names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_', ''].includes(name))
  expect(own).toEqual(['GREETING', 'HOME', 'PATH', `${cluster.workDir}/${pod?.metadata.uid}`])
})

test('a container has its variables expanded in command and args', async () => {
  const cluster = startTestCluster()
  const env = [{ name: 'WHO', value: 'world; $(HOSTILE)' }]
  cluster.createJob('args', {
    template: runs('', {}, { command: ['echo', 'hello'], args: ['$(WHO)', '$$(WHO)'], env }),
  })
  await cluster.finished('args')
  expect(cluster.output(cluster.pods('args')[0])).toBe('hello world; $(HOSTILE) $(WHO)\n')
})

test.each([
  ['a missing program', { command: ['no-such-program'] }, /"no-such-program": spawn no-such-program ENOENT$/],
  ['a huge variable', { env: [{ name: 'HUGE', value: 'x'.repeat(131_072) }] }, /"sh": spawn E2BIG$/],
  ['a zero byte', { args: ['a\0b'] }, /"sh": .*null bytes/],
  [
    'a missing workingDir',
    { workingDir: '/no/such/place' },
    /"sh": this machine has no working directory \/no\/such\/place$/,
  ],
])('a container with %s ends with StartError', async (_, container, message) => {
  const cluster = startTestCluster()
  cluster.createJob('broken', { ...once, template: runs('true', {}, container) })
  expect(ending(await cluster.finished('broken'))).toBe('Failed (BackoffLimitExceeded)')
  const expected = { exitCode: 128, reason: 'StartError', message: expect.stringMatching(message) }
  expect(terminated(cluster.pods('broken')[0])).toMatchObject(expected)
})

// The limit is 128 KiB with the name and a zero byte.
test.runIf(onLinux).each([
  [131_071, 'Complete'],
  [131_072, 'Failed (BackoffLimitExceeded)'],
])('a container with a variable of %i bytes: %s', async (size, end) => {
  const cluster = startTestCluster()
  const env = [{ name: 'BIG', value: 'x'.repeat(size - 'BIG='.length) }]
  cluster.createJob('big', { ...once, template: runs('true', {}, { env }) })
  expect(ending(await cluster.finished('big'))).toBe(end)
})

test("a container's remaining children end with it", async () => {
  const cluster = startTestCluster()
  cluster.createJob('forker', { template: runs('sleep 60 & echo $!') })
  expect(ending(await cluster.finished('forker'))).toBe('Complete')
  await expect.poll(anyAlive([Number(cluster.output(cluster.pods('forker')[0]))])).toBe(false)
})

test.runIf(onLinux)('a container ends even if an escaped child holds its output open', async () => {
  const cluster = startTestCluster()
  cluster.createJob('escape', { template: runs('setsid sleep 5 & echo $!') })
  expect(ending(await cluster.finished('escape'))).toBe('Complete')
  process.kill(Number(cluster.output(cluster.pods('escape')[0])), 'SIGKILL')
})

test("an image runs its local program with the container's args", async () => {
  const cluster = startTestCluster({ images: { tool: { command: ['echo', 'tool'] } } })
  cluster.createJob('mapped', {
    template: runs('', { containers: [{ name: 'main', image: 'tool:v1', args: ['go'] }] }),
  })
  await cluster.finished('mapped')
  expect(cluster.output(cluster.pods('mapped')[0])).toBe('tool go\n')
})

test('a pod with an unknown image stays Pending with advice and holds no slot', async () => {
  const cluster = startTestCluster({ maxPods: 1 })
  cluster.createJob('blocked', { template: runs('', { containers: [{ name: 'main', image: 'unknown:v1' }] }) })
  const pod = await cluster.until(() => cluster.pods('blocked').find(waiting))
  expect(pod.status?.phase).toBe('Pending')
  const message = expect.stringContaining('map "unknown:v1" to a local program')
  expect(waiting(pod)).toEqual({ reason: 'ImagePullBackOff', message })
  cluster.createJob('free')
  expect(ending(await cluster.finished('free'))).toBe('Complete')
})

test('a pod runs its init containers in order before the others', async () => {
  const cluster = startTestCluster()
  const initContainers = ['one', 'two'].map((name) => initContainer(name, `echo ${name} >> order`))
  cluster.createJob('ordered', { template: runs('cat order', { initContainers }) })
  await cluster.finished('ordered')
  expect(cluster.output(cluster.pods('ordered')[0])).toBe('one\ntwo\n')
})

test('a pod with OnFailure retries an init container, but not one that succeeded', async () => {
  const cluster = startTestCluster()
  const initContainers = [
    initContainer('fine', 'echo x >> runs'),
    initContainer('flaky', '[ -e tried ] || { touch tried; exit 1; }'),
  ]
  cluster.createJob('retried', { template: runs('cat runs', { initContainers, restartPolicy: 'OnFailure' }) })
  await cluster.finished('retried')
  expect(cluster.output(cluster.pods('retried')[0])).toBe('x\n')
})

test('a pod runs its containers together and fails if one of them does', async () => {
  const cluster = startTestCluster()
  const containers = [
    { name: 'a', command: ['sh', '-c', 'while [ ! -e there ]; do sleep 0.02; done'] },
    { name: 'b', command: ['sh', '-c', 'touch there; exit 9'] },
  ]
  cluster.createJob('pair', { ...once, template: runs('', { containers }) })
  await cluster.finished('pair')
  const states = [{ state: { terminated: { exitCode: 0 } } }, { state: { terminated: { exitCode: 9 } } }]
  expect(cluster.pods('pair')[0]?.status).toMatchObject({ phase: 'Failed', containerStatuses: states })
})

test('a pod waits for its ConfigMap and starts when that has the key', async () => {
  const cluster = startTestCluster()
  const env = [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } }]
  cluster.createJob('patient', { template: runs('echo $COLOR', {}, { env }) })
  const pod = await cluster.until(() => cluster.pods('patient').find(waiting))
  expect(waiting(pod)).toEqual({ reason: 'CreateContainerConfigError', message: 'configmap "settings" not found' })
  cluster.store.create('configmaps', makeConfigMap('settings', { shape: 'round' }))
  await cluster.until(() => waiting(cluster.pods('patient')[0])?.message?.startsWith("couldn't find key color"))
  cluster.store.mutate('configmaps', 'default', 'settings', (map) => (map['data'] = { color: 'red' }))
  await cluster.finished('patient')
  expect(cluster.output(cluster.pods('patient')[0])).toBe('red\n')
})

test('a deleted Job kills its processes, and its pods and logs are removed', async () => {
  const cluster = startTestCluster()
  const { pod, pids } = await startFamily(cluster)
  expect(pids.map(isAlive)).toEqual([true, true])
  cluster.store.remove('jobs', 'default', 'family')
  await cluster.until(() => cluster.pods('family').length === 0)
  await expect.poll(anyAlive(pids)).toBe(false)
  await cluster.stop()
  expect(cluster.logs.read(pod.metadata.uid, 'main')).toBeUndefined()
  expect(readdirSync(cluster.workDir)).toEqual([])
})

test('a deleted pod may end on its own within the grace period', async () => {
  const cluster = startTestCluster()
  const script = 'trap "echo bye; exit 0" TERM; echo up; while true; do sleep 0.02; done'
  cluster.createJob('polite', { ...once, template: runs(script) })
  await expect.poll(() => cluster.output(cluster.pods('polite')[0])).toBe('up\n')
  const last = cluster.until(() => terminated(cluster.pods('polite')[0]))
  requestPodDeletion(cluster.store, cluster.pods('polite')[0] as Pod, new Date())
  expect((await last).exitCode).toBe(0)
  await cluster.until(() => cluster.pods('polite').length === 0)
})

test('a deleted pod that ignores SIGTERM is killed after the grace period', async () => {
  const cluster = startTestCluster()
  const { pod, pids } = await startFamily(cluster, 'trap "" TERM; sleep 60 & echo $! $$$$; wait')
  const last = cluster.until(() => terminated(cluster.pods('family')[0]))
  requestPodDeletion(cluster.store, pod, new Date())
  expect((await last).exitCode).toBe(137)
  await expect.poll(anyAlive(pids)).toBe(false)
})

test('a stopped kubelet leaves no process and starts no waiting pod', async () => {
  const cluster = startTestCluster({ maxPods: 1 })
  const { pids } = await startFamily(cluster)
  cluster.createJob('waiting')
  const pod = await cluster.until(() => cluster.pods('waiting')[0])
  await cluster.stop()
  await expect.poll(anyAlive(pids)).toBe(false)
  expect(cluster.store.get('pods', 'default', pod.metadata.name)?.['status']).toEqual({ phase: 'Pending' })
})

test('no more than maxPods pods run at once', async () => {
  const cluster = startTestCluster({ maxPods: 2 })
  const together: number[] = []
  cluster.store.subscribe('pods', () => {
    const pods = cluster.store.list('pods') as Pod[]
    together.push(pods.filter(({ status }) => status?.phase === 'Running').length)
  })
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) cluster.createJob(name, { template: runs('sleep 0.05') })
  await Promise.all(names.map((name) => cluster.finished(name)))
  expect(Math.max(...together)).toBe(2)
})
