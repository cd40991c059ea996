import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { requestPodDeletion } from '../controllers/pod-deletion.ts'
import type { Container, Pod } from '../controllers/pod-types.ts'
import { ending, makeConfigMap, runs, startTestCluster, type TestCluster } from '../controllers/testing.ts'

const onLinux = process.platform === 'linux'
const once = { backoffLimit: 0 }
const terminated = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state.terminated
const waiting = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state.waiting

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // Nobody may have reaped it yet, but a zombie is dead.
  const stat = `/proc/${pid}/stat`
  return !(existsSync(stat) && readFileSync(stat, 'utf8').includes(') Z '))
}

/** To be polled: a group that was killed dies a moment later. */
const anyAlive = (pids: number[]) => () => pids.some(isAlive)

const initContainer = (name: string, script: string): Container => ({ name, command: ['sh', '-c', script] })

/** Starts a Job whose container forks a child, and waits until both run. Returns the pod and the pids. */
async function startFamily(cluster: TestCluster, script = 'sleep 60 & echo $! $$$$; wait') {
  cluster.createJob('family', { ...once, template: runs(script, { terminationGracePeriodSeconds: 0 }) })
  await cluster.until(() => cluster.pods('family')[0]?.status?.phase === 'Running')
  const pod = cluster.pods('family')[0] as Pod
  const line = await new Promise<string>((resolve) => {
    const before = cluster.output(pod)
    if (before) resolve(before)
    else
      cluster.logs.follow(
        pod.metadata.uid,
        'main',
        ({ data }) => resolve(data.toString()),
        () => {},
      )
  })
  return { pod, pids: line.trim().split(' ').map(Number) }
}

describe('a container', () => {
  it('gets its own variables, a home of its own, and nothing of the kubelet', async () => {
    const cluster = startTestCluster()
    cluster.createJob('env', { template: runs('env | sort; pwd', {}, { env: [{ name: 'GREETING', value: 'hi' }] }) })
    await cluster.finished('env')
    const [pod] = cluster.pods('env')
    const home = `${cluster.workDir}/${pod?.metadata.uid}`
    const names = cluster
      .output(pod)
      .split('\n')
      .map((line) => line.split('=')[0])
    // PWD, SHLVL and _ are the shell's own.
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_', ''].includes(name ?? ''))).toEqual([
      'GREETING',
      'HOME',
      'PATH',
      home,
    ])
  })

  it('sees its variables in command and args', async () => {
    const cluster = startTestCluster()
    const env = [{ name: 'WHO', value: 'world; $(HOSTILE)' }]
    cluster.createJob('args', {
      template: runs('', {}, { command: ['echo', 'hello'], args: ['$(WHO)', '$$(WHO)'], env }),
    })
    await cluster.finished('args')
    expect(cluster.output(cluster.pods('args')[0])).toBe('hello world; $(HOSTILE) $(WHO)\n')
  })

  it.each([
    [
      'a program that is not there',
      { command: ['no-such-program'] },
      'failed to start "no-such-program": spawn no-such-program ENOENT',
    ],
    ['a huge variable', { env: [{ name: 'HUGE', value: 'x'.repeat(131_072) }] }, 'failed to start "sh": spawn E2BIG'],
    ['a zero byte', { args: ['a\0b'] }, expect.stringMatching(/^failed to start "sh": .*null bytes/)],
    [
      'a missing workingDir',
      { workingDir: '/no/such/place' },
      'failed to start "sh": this machine has no working directory /no/such/place',
    ],
  ])('that cannot start because of %s ends with StartError', async (_, container, message) => {
    const cluster = startTestCluster()
    cluster.createJob('broken', { ...once, template: runs('true', {}, container) })
    expect(ending(await cluster.finished('broken'))).toBe('Failed (BackoffLimitExceeded)')
    expect(terminated(cluster.pods('broken')[0])).toMatchObject({ exitCode: 128, reason: 'StartError', message })
  })

  it.runIf(onLinux)('cannot start with a variable of more than Linux allows', async () => {
    const cluster = startTestCluster()
    const env = [{ name: 'HUGE', value: 'x'.repeat(131_072 - 'HUGE='.length) }]
    cluster.createJob('huge', { ...once, template: runs('true', {}, { env }) })
    await cluster.finished('huge')
    expect(terminated(cluster.pods('huge')[0])).toMatchObject({
      exitCode: 128,
      reason: 'StartError',
      message: 'failed to start "sh": spawn E2BIG',
    })
  })

  it.runIf(onLinux)('holds a variable of the largest size that Linux allows', async () => {
    const cluster = startTestCluster()
    const env = [{ name: 'BIG', value: 'x'.repeat(131_071 - 'BIG='.length) }]
    cluster.createJob('big', { ...once, template: runs('echo ${#BIG}', {}, { env }) })
    await cluster.finished('big')
    expect(cluster.output(cluster.pods('big')[0])).toBe('131067\n')
  })

  it('that is silent has an empty log', async () => {
    const cluster = startTestCluster()
    cluster.createJob('silent')
    await cluster.finished('silent')
    expect(cluster.output(cluster.pods('silent')[0])).toBe('')
    expect(cluster.logs.read(cluster.pods('silent')[0]?.metadata.uid ?? '', 'main')).toBeDefined()
  })

  it('takes the children it left behind with it', async () => {
    const cluster = startTestCluster()
    cluster.createJob('forker', { template: runs('sleep 60 & echo $!') })
    expect(ending(await cluster.finished('forker'))).toBe('Complete')
    await expect.poll(anyAlive([Number(cluster.output(cluster.pods('forker')[0]))])).toBe(false)
  })

  it.runIf(onLinux)('does not wait for a child that escaped and holds its output open', async () => {
    const cluster = startTestCluster()
    cluster.createJob('escape', { template: runs('setsid sleep 5 & echo $!') })
    expect(ending(await cluster.finished('escape'))).toBe('Complete')
    process.kill(Number(cluster.output(cluster.pods('escape')[0])), 'SIGKILL')
  })
})

describe('an image', () => {
  it('stands for a local program, whose arguments are the args', async () => {
    const cluster = startTestCluster({ images: { tool: { command: ['echo', 'tool'] } } })
    const container = { name: 'main', image: 'tool:v1', args: ['go'] }
    cluster.createJob('mapped', { template: runs('', { containers: [container] }) })
    await cluster.finished('mapped')
    expect(cluster.output(cluster.pods('mapped')[0])).toBe('tool go\n')
  })

  it('that nothing stands for leaves the pod Pending, with advice, until the deadline', async () => {
    const cluster = startTestCluster()
    const container = { name: 'main', image: 'unknown:v1' }
    cluster.createJob('unmapped', { activeDeadlineSeconds: 2, template: runs('', { containers: [container] }) })
    const pod = await cluster.until(() => cluster.pods('unmapped').find(({ status }) => status?.containerStatuses))
    expect(pod.status?.phase).toBe('Pending')
    expect(waiting(pod)).toMatchObject({
      reason: 'ImagePullBackOff',
      message: expect.stringContaining('map "unknown:v1" to a local program'),
    })
    expect(ending(await cluster.finished('unmapped'))).toBe('Failed (DeadlineExceeded)')
  })
})

describe('a pod', () => {
  it('runs its init containers in order before the others', async () => {
    const cluster = startTestCluster()
    const initContainers = ['one', 'two'].map((name) => initContainer(name, `echo ${name} >> order`))
    cluster.createJob('ordered', { template: runs('cat order', { initContainers }) })
    await cluster.finished('ordered')
    expect(cluster.output(cluster.pods('ordered')[0])).toBe('one\ntwo\n')
  })

  it('fails with its init container', async () => {
    const cluster = startTestCluster()
    const initContainers = [initContainer('prepare', 'exit 3')]
    cluster.createJob('unprepared', { ...once, template: runs('echo never', { initContainers }) })
    await cluster.finished('unprepared')
    const [pod] = cluster.pods('unprepared')
    expect(pod?.status).toMatchObject({
      phase: 'Failed',
      initContainerStatuses: [{ state: { terminated: { exitCode: 3 } } }],
      containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
    })
    expect(cluster.output(pod)).toBe('')
  })

  it('retries an init container with OnFailure, and never one that succeeded', async () => {
    const cluster = startTestCluster()
    const initContainers = [
      initContainer('fine', 'echo x >> runs'),
      initContainer('flaky', '[ -e tried ] || { touch tried; exit 1; }'),
    ]
    cluster.createJob('retried', { template: runs('cat runs', { initContainers, restartPolicy: 'OnFailure' }) })
    await cluster.finished('retried')
    expect(cluster.output(cluster.pods('retried')[0])).toBe('x\n')
  })

  it('runs its containers together, and fails when one of them does', async () => {
    const cluster = startTestCluster()
    const containers = [
      { name: 'a', command: ['sh', '-c', 'while [ ! -e there ]; do sleep 0.02; done'] },
      { name: 'b', command: ['sh', '-c', 'touch there; exit 9'] },
    ]
    cluster.createJob('pair', { ...once, template: runs('', { containers }) })
    await cluster.finished('pair')
    expect(cluster.pods('pair')[0]?.status).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 0 } } }, { state: { terminated: { exitCode: 9 } } }],
    })
  })

  it('waits for a ConfigMap that is missing, and starts when it comes', async () => {
    const cluster = startTestCluster()
    const env = [{ name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } }]
    cluster.createJob('patient', { template: runs('echo $COLOUR', {}, { env }) })
    const pod = await cluster.until(() => cluster.pods('patient').find(waiting))
    expect(waiting(pod)).toEqual({ reason: 'CreateContainerConfigError', message: 'configmap "settings" not found' })
    cluster.store.create('configmaps', makeConfigMap('settings', { shape: 'round' }))
    await cluster.until(() => waiting(cluster.pods('patient')[0])?.message?.startsWith("couldn't find key colour"))
    cluster.store.mutate('configmaps', 'default', 'settings', (map) => (map['data'] = { colour: 'red' }))
    await cluster.finished('patient')
    expect(cluster.output(cluster.pods('patient')[0])).toBe('red\n')
  })

  it('backs off between restarts, after the first', async () => {
    const cluster = startTestCluster()
    cluster.createJob('looping', { template: runs('exit 1', { restartPolicy: 'OnFailure' }) })
    const pod = await cluster.until(() => cluster.pods('looping').find((each) => waiting(each)))
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1 } },
    })
  })

  it('is ended by a deadline of its own', async () => {
    const cluster = startTestCluster()
    cluster.createJob('overdue', { ...once, template: runs('exec sleep 60', { activeDeadlineSeconds: 1 }) })
    await cluster.finished('overdue')
    expect(cluster.pods('overdue')[0]?.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
  })

  it('says that its volumes are not mounted', async () => {
    const cluster = startTestCluster()
    const volumes = { volumes: [{ name: 'data' }] }
    cluster.createJob('mounting', { template: runs('true', volumes, { volumeMounts: [{ name: 'data' }] }) })
    await cluster.finished('mounting')
    expect(cluster.reasons(cluster.pods('mounting')[0]?.metadata.name ?? '')).toContain('FailedMount')
  })

  it('leaves nothing in the work directory', async () => {
    const cluster = startTestCluster()
    cluster.createJob('messy', { template: runs('mkdir -p a/b; touch a/b/c') })
    await cluster.finished('messy')
    await cluster.stop()
    expect(readdirSync(cluster.workDir)).toEqual([])
  })
})

describe('deleting', () => {
  it('a Job kills the children of its containers, and removes its pods and logs', async () => {
    const cluster = startTestCluster()
    const { pod, pids } = await startFamily(cluster)
    expect(pids.map(isAlive)).toEqual([true, true])
    cluster.store.remove('jobs', 'default', 'family')
    await cluster.until(() => cluster.pods('family').length === 0)
    await expect.poll(anyAlive(pids)).toBe(false)
    await cluster.stop()
    expect(cluster.logs.read(pod.metadata.uid, 'main')).toBeUndefined()
  })

  it('a pod without asking kills it at once', async () => {
    const cluster = startTestCluster()
    const { pod, pids } = await startFamily(cluster)
    cluster.store.remove('pods', 'default', pod.metadata.name)
    await cluster.finished('family')
    await cluster.stop()
    await expect.poll(anyAlive(pids)).toBe(false)
  })

  it('a pod lets it end by itself within its grace period', async () => {
    const cluster = startTestCluster()
    const script = 'trap "echo bye; exit 0" TERM; echo up; while true; do sleep 0.02; done'
    cluster.createJob('polite', { ...once, template: runs(script) })
    const pod = await cluster.until(() => cluster.pods('polite').find((each) => each.status?.phase === 'Running'))
    await new Promise<void>((resolve) => {
      if (cluster.output(pod)) resolve()
      else
        cluster.logs.follow(
          pod.metadata.uid,
          'main',
          () => resolve(),
          () => {},
        )
    })
    const last = cluster.until(() => terminated(cluster.pods('polite')[0]))
    requestPodDeletion(cluster.store, pod, new Date())
    expect((await last).exitCode).toBe(0)
    await cluster.until(() => cluster.pods('polite').length === 0)
  })

  it('a pod kills what ignores SIGTERM when the grace period is over', async () => {
    const cluster = startTestCluster()
    const { pod, pids } = await startFamily(cluster, 'trap "" TERM; sleep 60 & echo $! $$$$; wait')
    const last = cluster.until(() => terminated(cluster.pods('family')[0]))
    requestPodDeletion(cluster.store, pod, new Date())
    expect((await last).exitCode).toBe(137)
    await expect.poll(anyAlive(pids)).toBe(false)
  })
})

describe('stopping', () => {
  it('leaves no process behind', async () => {
    const cluster = startTestCluster()
    const { pids } = await startFamily(cluster)
    await cluster.stop()
    await expect.poll(anyAlive(pids)).toBe(false)
  })

  it('starts nothing that still waited', async () => {
    const cluster = startTestCluster({ maxPods: 1 })
    await startFamily(cluster)
    cluster.createJob('waiting')
    const pod = await cluster.until(() => cluster.pods('waiting')[0])
    await cluster.stop()
    expect(cluster.store.get('pods', 'default', pod.metadata.name)?.['status']).toEqual({ phase: 'Pending' })
  })
})

describe('many pods', () => {
  it('run no more at a time than maxPods', async () => {
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

  it('that wait for a ConfigMap hold no place', async () => {
    const cluster = startTestCluster({ maxPods: 1 })
    cluster.createJob('blocked', { template: runs('', { containers: [{ name: 'main', image: 'unknown' }] }) })
    await cluster.until(() => waiting(cluster.pods('blocked')[0]))
    cluster.createJob('free')
    expect(ending(await cluster.finished('free'))).toBe('Complete')
  })

  it('are simulated in linear time', async () => {
    const cluster = startTestCluster({ simulate: { durationMs: 1 } })
    let complete = 0
    cluster.store.subscribe('jobs', ({ object }) => {
      if (ending(object as never) === 'Complete') complete += 1
    })
    const count = 2000
    for (let i = 0; i < count; i += 1) cluster.createJob(`job-${i}`)
    await cluster.until(() => complete === count)
    expect(readdirSync(cluster.workDir)).toEqual([])
  })

  it('are simulated as failing too', async () => {
    const cluster = startTestCluster({ simulate: { durationMs: () => 1, exitCode: 4 } })
    cluster.createJob('sham', once)
    await cluster.finished('sham')
    expect(terminated(cluster.pods('sham')[0])?.exitCode).toBe(4)
  })
})
