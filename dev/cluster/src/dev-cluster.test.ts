import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { jobs, makeJob, makePod, pods, startTestApi } from './testing/api.ts'

const runs = (script: string): object => ({
  backoffLimit: 0,
  template: {
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script] }],
    },
  },
})

test('a watch shows the end of a Job, and its log stays', async () => {
  const { send, open } = await startTestApi({ controllers: true })
  const watch = await open(`${jobs}?watch=true&fieldSelector=metadata.name%3Dgreet`)
  expect(await send('POST', jobs, { body: makeJob('greet', runs('echo hello')) })).toMatchObject({ code: 201 })
  let event = await watch.next()
  while (event && !JSON.stringify(event.object).includes('"Complete"')) event = await watch.next()
  expect(event?.object['status']).toMatchObject({ succeeded: 1 })
  const { body } = await send('GET', `${pods}?labelSelector=batch.kubernetes.io/job-name%3Dgreet`)
  expect((await send('GET', `${pods}/${body.items[0]?.metadata.name}/log`)).body).toBe('hello\n')
})

test('a deleted pod ends gracefully first, a forced one is removed at once', async () => {
  const { send, open } = await startTestApi({ controllers: true })
  const command = ['sh', '-c', 'trap "exit 0" TERM; echo up; while :; do sleep 0.01; done']
  for (const name of ['graceful', 'forced']) {
    await send('POST', pods, { body: makePod(name, { containers: [{ name: 'main', image: 'busybox', command }] }) })
    await expect.poll(async () => (await send('GET', `${pods}/${name}/log`)).body).toBe('up\n')
  }
  const watch = await open(`${pods}?watch=true&fieldSelector=metadata.name%3Dgraceful`)
  await watch.next()
  expect(await send('DELETE', `${pods}/graceful`)).toMatchObject({ code: 200, body: { kind: 'Pod' } })
  const asked = await watch.next()
  expect([asked?.type, asked?.object.metadata.deletionTimestamp]).toEqual(['MODIFIED', expect.any(String)])
  await expect.poll(() => send('GET', `${pods}/graceful`)).toMatchObject({ code: 404 })

  await send('DELETE', `${pods}/forced?gracePeriodSeconds=0`)
  expect(await send('GET', `${pods}/forced`)).toMatchObject({ code: 404 })
})

test('a stopped cluster leaves no files', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'parent-'))
  onTestFinished(() => rm(parent, { recursive: true }))
  const { cluster } = await startTestApi({ controllers: true, workDir: parent })
  await cluster.stop()
  expect(await readdir(parent)).toEqual([])
})

test('other machines reach the cluster under its host name', async () => {
  const { cluster } = await startTestApi({ host: 'cluster.example' })
  const { hostname, port } = new URL(cluster.url)
  expect(hostname).toBe('cluster.example')
  const [, ca = ''] = /certificate-authority-data: (\S+)/.exec(cluster.kubeconfig) ?? []
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const { address: host } = addresses.find(({ internal, family }) => !internal && family === 'IPv4') ?? {
    address: '127.0.0.1',
  }
  const socket = connect({ host, port: Number(port), servername: hostname, ca: Buffer.from(ca, 'base64') })
  await once(socket, 'secureConnect')
  expect(socket.authorized).toBe(true)
  socket.destroy()
})

test('a cluster listens on its port and fails if it is taken', async () => {
  const { cluster } = await startTestApi()
  const port = Number(new URL(cluster.url).port)
  await expect(startTestApi({ port })).rejects.toThrow('EADDRINUSE')
  await cluster.stop()
  expect((await startTestApi({ port })).cluster.url).toBe(cluster.url)
})
