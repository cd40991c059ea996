import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { makeCertificates } from '@opifer/testkit'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { makeKubeConfig, makeTransport, parseKubeConfig, trusting } from '../../testing/cluster.ts'
import { listen } from '../../testing/server.ts'
import { createCredentials } from './credentials.ts'

const SERVER = 'https://127.0.0.1:6443'

let dir: string
let clock: number

beforeEach(async () => {
  clock = 0
  dir = await mkdtemp(join(tmpdir(), 'opifer-credentials-'))
  onTestFinished(() => rm(dir, { recursive: true }))
})

test.each([
  { user: { token: 'secret' }, want: 'Bearer secret' },
  { user: { token: 'secret\n' }, want: 'Bearer secret' },
  { user: { username: 'ada', password: 'secret' }, want: `Basic ${Buffer.from('ada:secret').toString('base64')}` },
  { user: {}, want: undefined },
])('credentials of user $user have the Authorization header $want', async ({ user, want }) => {
  const { headers } = await makeCredentials(makeKubeConfig(SERVER, user)).current()
  expect(headers['Authorization']).toBe(want)
})

test('credentials have the server of the current context', async () => {
  expect(await makeCredentials(makeKubeConfig(`${SERVER}/k8s/clusters/c-1/`)).current()).toMatchObject({
    server: `${SERVER}/k8s/clusters/c-1`,
  })
})

test('a rejected token is read again from its file, without the line break', async () => {
  const tokenFile = join(dir, 'token')
  await writeFile(tokenFile, 'first\n')
  const credentials = makeCredentials(
    makeKubeConfig(SERVER, { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } }),
  )
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer first')
  await writeFile(tokenFile, 'second\n')
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer first')
  credentials.expire()
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer second')
})

test('the kubeconfig is reloaded after its token was rejected', async () => {
  let kubeconfig = makeKubeConfig(SERVER, { token: 'first' })
  const credentials = createCredentials(() => parseKubeConfig(kubeconfig))
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer first')
  kubeconfig = makeKubeConfig(SERVER, { token: 'second' })
  credentials.expire()
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer second')
})

test('an exec plug-in runs once for many calls, and again after its token was rejected', async () => {
  const credentials = makeCredentials(makeKubeConfig(SERVER, { exec: await makePlugIn() }))
  const many = await Promise.all(Array.from({ length: 20 }, () => credentials.current()))
  expect(new Set(many.map(({ headers }) => headers['Authorization']))).toEqual(new Set(['Bearer token-1']))
  clock += 60_000
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer token-1')
  credentials.expire()
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer token-2')
})

test('an exec plug-in runs again after its token has expired', async () => {
  const credentials = makeCredentials(
    makeKubeConfig(SERVER, { exec: await makePlugIn({ expirationTimestamp: new Date(0) }) }),
  )
  const { headers: first } = await credentials.current()
  expect((await credentials.current()).headers).toBe(first)
  clock += 60_000
  expect((await credentials.current()).headers).not.toEqual(first)
})

test('rejections that arrive during a reload do not cause another one', async () => {
  const credentials = makeCredentials(makeKubeConfig(SERVER, { exec: await makePlugIn() }))
  await credentials.current()
  credentials.expire()
  const renewed = credentials.current()
  credentials.expire()
  expect((await renewed).headers['Authorization']).toBe('Bearer token-2')
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer token-2')
})

test('a token rejected during its refresh is replaced at the next call', async () => {
  const credentials = makeCredentials(makeKubeConfig(SERVER, { exec: await makePlugIn() }))
  await credentials.current()
  clock += 60_000
  const same = credentials.current()
  credentials.expire()
  expect((await same).headers['Authorization']).toBe('Bearer token-1')
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer token-2')
})

test('a failed exec plug-in runs again at the next call', async () => {
  const exec = await makePlugIn()
  const { command } = exec
  exec.command = join(dir, 'missing')
  const kubeConfig = parseKubeConfig(makeKubeConfig(SERVER, { exec }))
  const credentials = createCredentials(() => kubeConfig)
  await expect(credentials.current()).rejects.toThrow('ENOENT')
  kubeConfig.users[0]!.exec.command = command
  expect((await credentials.current()).headers['Authorization']).toBe('Bearer token-1')
})

test('connections stay open until the CA or certificates change', async () => {
  const caFile = join(dir, 'ca.crt')
  await writeFile(caFile, 'first CA')
  const credentials = makeCredentials(makeKubeConfig(SERVER, { token: 'secret' }, { 'certificate-authority': caFile }))
  onTestFinished(() => credentials.close())
  const { dispatcher: first } = await credentials.current()
  clock += 60_000
  const { dispatcher: same } = await credentials.current()
  expect(same).toBe(first)
  credentials.expire()
  expect((await credentials.current()).dispatcher).toBe(first)

  await writeFile(caFile, 'second CA')
  expect((await credentials.current()).dispatcher).toBe(first)
  clock += 60_000
  const { dispatcher: second } = await credentials.current()
  expect(second).not.toBe(first)
  expect(first).toMatchObject({ closed: true })
  expect(second).toMatchObject({ closed: false })
})

test('the server sees the client certificate, and the new one once its files are replaced', async () => {
  const { ca, server, client } = await makeCertificates()
  const names: string[] = []
  const https = createServer({ ...server, ca, requestCert: true }, (request, response) => {
    names.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN))
    response.writeHead(names.length === 1 ? 401 : 200).end()
  })
  const { port } = await listen(https)
  const files = { 'client-certificate': join(dir, 'tls.crt'), 'client-key': join(dir, 'tls.key') }
  const replace = async (name: string) => {
    const { cert, key } = await client(name)
    await writeFile(files['client-certificate'], cert)
    await writeFile(files['client-key'], key)
  }
  await replace('worker-1')
  const send = makeTransport(makeKubeConfig(`https://127.0.0.1:${port}`, files, trusting(ca)))
  await (await send({ method: 'GET', path: '/' })).body.dump()
  await replace('worker-2')
  await (await send({ method: 'GET', path: '/' })).body.dump()
  expect(names).toEqual(['worker-1', 'worker-2'])
})

function makeCredentials(kubeconfig: string) {
  return createCredentials(
    () => parseKubeConfig(kubeconfig),
    () => clock,
  )
}

/** Writes an exec plug-in that returns another token on each run. */
async function makePlugIn(status: object = {}) {
  const runs = join(dir, 'runs')
  const script = join(dir, 'plug-in.mjs')
  await appendFile(runs, '')
  await writeFile(
    script,
    `import { appendFileSync, readFileSync } from 'node:fs'
    appendFileSync(${JSON.stringify(runs)}, '.')
    const token = 'token-' + readFileSync(${JSON.stringify(runs)}).length
    const credential = { kind: 'ExecCredential', status: { token, ...${JSON.stringify(status)} } }
    console.log(JSON.stringify(credential))`,
  )
  expect(await readFile(runs, 'utf8')).toBe('')
  return { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [script] }
}
