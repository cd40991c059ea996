/**
 * Alerts, ConfigMaps and requests of an attacker, from HTTP to the running process. Anyone who can create a metric controls
 * its labels: nothing in them may be evaluated, reach beyond the alert's own Job, or block other alerts.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { Agent, createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KubeObject, validateJob } from '@opifer/devcluster'
import { PATIENCE } from '@opifer/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { BAD_MANIFESTS, jobYaml } from './harness/bad-manifests.ts'
import { postBody } from './harness/http.ts'
import { makeOperario, printEnv, shell, succeed } from './harness/operario.ts'
import { startSystem, type System } from './harness/system.ts'
import { firing, makeAlert, makeWebhook } from './harness/webhook.ts'

let system: System
const operarios: KubeObject[] = []

/** Adds Operarios that exist before the worker starts. */
function given(...configMaps: KubeObject[]): void {
  operarios.push(...configMaps)
}

beforeAll(async () => {
  system = await startSystem({ operarios, ingestFlags: ['--maxBodyBytes=1048576'], workerFlags: ['--cooldown=0'] })
})

afterAll(() => system.stop())

afterEach(async () => {
  const { result } = await system.run(firing('Harmless', { instance: randomUUID() }))
  if (result.outcome !== 'succeeded') throw new Error(`the next, harmless alert ended ${result.outcome}`)
})

given(makeOperario('Harmless', succeed))
const secret = { name: 'SECRET', value: 's3cr3t' }
given(makeOperario('PrintsEnv', printEnv, { container: { env: [secret] } }))

/** Runs an alert with these labels, and returns the environment of its process. */
async function environmentOf(labels: string | Record<string, string>): Promise<Record<string, string>> {
  const webhook = JSON.stringify(makeWebhook([{ ...makeAlert('PrintsEnv'), labels: 'LABELS' }]))
  const json = typeof labels === 'string' ? labels : JSON.stringify(labels)
  const run = await system.run(
    webhook.replace('"LABELS"', () => `{"alertname":"PrintsEnv"${json === '{}' ? '' : ','}${json.slice(1)}`),
  )
  expect(run.result.outcome).toBe('succeeded')
  const job = system.cluster.store.get('jobs', run.job?.namespace, run.job?.name ?? '')
  expect(validateJob(job)).toEqual([])
  return JSON.parse(await system.logOf(run.job)) as Record<string, string>
}

describe('Label values', () => {
  given({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'shared' },
    data: { SHARED: 'sh4red' },
  } as unknown as KubeObject)
  const envFrom = [{ configMapRef: { name: 'shared' } }]
  given(makeOperario('SharesEnv', printEnv, { container: { env: [secret], envFrom } }))

  const texts: [what: string, value: string][] = [
    ['a template', '{{ .Env.SECRET }}{{ range . }}x{{ end }}'],
    ['a broken template', '{{ unclosed'],
    ['other template languages', '${SECRET} #{SECRET} <%= SECRET %> %SECRET%'],
    ["a reference to the author's variable", '$(SECRET)'],
    ['an escaped reference', '$$(SECRET)'],
    ['many dollar signs', '$$$(SECRET)$$$$(SECRET)$'],
    ['a reference to a variable of envFrom', '$(SHARED)'],
    ['a reference to another label', '$(OPENFERO_ALERTNAME)'],
    ['shell metacharacters', `"; exit 1 #' \`exit 1\` $(exit 1) | && || > < * ? ~ \\`],
    ['line breaks and control characters', 'one\ntwo\r\nthree\tfour\u001b[31mred\u0007'],
    ['non-Latin text', 'Ünïcödé 温度 🌡️ \u202Eright-to-left'],
    ['YAML', '- a: &b [*b, !!binary x]\n---\n'],
    ['JSON', '{"__proto__":{"polluted":true}}'],
    ['nothing', ''],
  ]
  test.each(texts)('a label value reaches the process byte for byte: %s', async (_, text) => {
    const run = await system.run(firing('SharesEnv', { instance: text }))
    expect(run.result.outcome).toBe('succeeded')
    expect(JSON.parse(await system.logOf(run.job))).toMatchObject({
      OPENFERO_INSTANCE: text,
      SECRET: 's3cr3t',
      SHARED: 'sh4red',
    })
  })

  test('NUL and half a surrogate pair are replaced in the environment', async () => {
    const env = await environmentOf(String.raw`{"instance":"a\u0000b","half":"\ud83c!"}`)
    expect(env).toMatchObject({ OPENFERO_INSTANCE: 'a\uFFFDb', OPENFERO_HALF: '\uFFFD!' })
  })

  const mark = join(tmpdir(), `opifer-injected-${randomUUID()}`)
  given(
    makeOperario('UsesShell', shell('printf %s "$OPENFERO_INSTANCE"; printf %s "$1"'), {
      container: { args: ['sh', '$(OPENFERO_INSTANCE)'] },
    }),
  )
  test('a label runs no command in a quoted variable or an argument', async () => {
    const attack = `x"; touch ${mark}; echo "$(touch ${mark})\`touch ${mark}\`\n touch ${mark}`
    const run = await system.run(firing('UsesShell', { instance: attack }))
    expect(await system.logOf(run.job)).toBe(attack + attack)
    expect(existsSync(mark)).toBe(false)
  })

  test('a label of 200 kB is cut to what the kernel allows, and marked', async () => {
    const { OPENFERO_INSTANCE: seen = '', OPIFER_ALERT: json = '' } = await environmentOf({
      instance: 'x'.repeat(200_000),
    })
    expect(Buffer.byteLength(`OPENFERO_INSTANCE=${seen}`)).toBeLessThanOrEqual(131_071)
    expect(seen).toMatch(/^x{130000,}…\[cut by opifer\]$/)
    expect(JSON.parse(json)).toMatchObject({ truncated: true })
  })

  test('an alert of more than 256 KiB ends invalid', async () => {
    const run = await system.run(firing('PrintsEnv', { a: 'x'.repeat(150_000), b: 'y'.repeat(150_000) }))
    expect(run.result).toMatchObject({ outcome: 'invalid', reason: expect.stringContaining('characters') })
  })

  const many = Array.from({ length: 12 }, (_, index) => ({ name: `c${index}`, image: 'i', command: succeed }))
  given(makeOperario('ManyContainers', [], { pod: { containers: many } }))
  test('a Job too large for Kubernetes to store ends the run invalid', async () => {
    const run = await system.run(firing('ManyContainers', { instance: 'x'.repeat(130_000) }))
    expect(run.result).toMatchObject({ outcome: 'invalid', reason: expect.stringContaining('bytes') })
  })

  given(makeOperario('x'.repeat(100), succeed))
  test('values longer than Kubernetes labels are shortened', async () => {
    const run = await system.run({ ...firing('x'.repeat(100)), groupKey: 'g'.repeat(5_000), receiver: 'r'.repeat(500) })
    expect(run.result.outcome).toBe('succeeded')
    expect((await system.jobs('x'.repeat(63))).map(({ metadata }) => metadata.name)).toEqual([run.job?.name])
    expect(run.job?.name).toMatch(/^x+-[0-9a-f]{16}-0$/)
    expect(run.job?.name.length).toBeLessThanOrEqual(63)
  })

  test('a label can not forge a log line', async () => {
    const forged = 'x\n{"level":"info","msg":"forged"}\n'
    await environmentOf({ instance: forged })
    await system.run({ ...firing(forged), groupKey: forged })
    for (const { lines } of [system.ingest, ...system.workers]) {
      expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).not.toContain('forged')
    }
  })
})

describe('Label names', () => {
  test('any label name becomes OPENFERO_ with capitals, digits and underscores', async () => {
    const names = [
      'LD_PRELOAD',
      'PATH',
      'a=b',
      'x y',
      'new\nline',
      'naïve',
      '$(SECRET)',
      '../../etc',
      '',
      '9',
      'SECRET',
    ]
    const env = await environmentOf(Object.fromEntries(names.map((name) => [name, `value of ${name}`])))
    const fromLabels = Object.keys(env).filter((key) => env[key]?.startsWith('value of'))
    expect(fromLabels.length).toBeGreaterThanOrEqual(names.length - 1)
    expect(fromLabels.filter((key) => !/^OPENFERO_[A-Z0-9_]*$/.test(key))).toEqual([])
    expect(env).toMatchObject({
      SECRET: 's3cr3t',
      OPENFERO_SECRET: 'value of SECRET',
      OPENFERO_LD_PRELOAD: 'value of LD_PRELOAD',
    })
  })

  test('of label names that become the same variable, the unchanged one wins, and the others are logged', async () => {
    const env = await environmentOf({ 'foo-bar': 'loser', foo_bar: 'winner', 'foo.bar': 'loser' })
    expect(env['OPENFERO_FOO_BAR']).toBe('winner')
    await system.workers[0]?.waitForLine(/foo-bar.*is dropped/)
  })

  test('__proto__, constructor and the like are ordinary label names', async () => {
    const env = await environmentOf('{"__proto__":"a","constructor":"b","toString":"c","hasOwnProperty":"d"}')
    expect(env).toMatchObject({
      OPENFERO___PROTO__: 'a',
      OPENFERO_CONSTRUCTOR: 'b',
      OPENFERO_TOSTRING: 'c',
      OPENFERO_HASOWNPROPERTY: 'd',
    })
  })

  test('an alert with an object as __proto__ label is invalid and pollutes no prototype', async () => {
    const [receipt] = await system.post(
      JSON.stringify(firing('PrintsEnv')).replace('"labels":{', '"labels":{"__proto__":{"polluted":"yes"},'),
    )
    const run = await system.runs.end(receipt?.runId ?? '')
    expect(run.result).toMatchObject({ outcome: 'invalid', reason: expect.stringContaining('__proto__') })
    expect(await environmentOf({})).not.toHaveProperty('polluted')
  })

  test('a label name of 5,000 characters does not affect other labels', async () => {
    const env = await environmentOf({ ['n'.repeat(5_000)]: 'x', instance: 'node-1' })
    expect(env['OPENFERO_INSTANCE']).toBe('node-1')
  })

  test('a thousand labels reach the process', async () => {
    const labels = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`label_${index}`, String(index)]))
    expect((await environmentOf(labels))['OPENFERO_LABEL_999']).toBe('999')
  })
})

describe('Manifests', () => {
  for (const { alertname, manifest } of BAD_MANIFESTS) given(makeOperario(alertname, [], { manifest }))
  test.each(BAD_MANIFESTS)(
    'a bad manifest ends the run invalid at once, with a reason: $what',
    async ({ alertname, reason }) => {
      const { result, receivedAt } = await system.run(firing(alertname))
      expect(result).toMatchObject({ outcome: 'invalid', reason: expect.stringMatching(reason) })
      expect(result.reason).toContain(`default/openfero-${alertname.toLowerCase()}-firing`)
      // Far below the hour for which other runs are retried.
      expect(result.finishedAt - receivedAt).toBeLessThan(10_000)
      expect(await system.jobs(alertname)).toEqual([])
    },
  )

  const merged = `apiVersion: batch/v1
kind: Job
metadata: {name: merged}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - &one {name: one, image: i, command: ["true"]}
      - {<<: *one, name: two}`
  given(makeOperario('YamlMerged', [], { manifest: merged }))
  test('a few aliases and merge keys are expanded', async () => {
    const { result } = await system.run(firing('YamlMerged'))
    expect(result.outcome).toBe('succeeded')
    expect((await system.jobs('YamlMerged'))[0]?.spec?.template.spec?.containers).toMatchObject([
      { name: 'one', command: ['true'] },
      { name: 'two', command: ['true'] },
    ])
  })

  const rejected: [what: string, alertname: string, container: Record<string, unknown>, path: string][] = [
    ['a missing volume', 'BadMount', { volumeMounts: [{ name: 'none', mountPath: '/x' }] }, 'volumeMounts[0].name'],
    [
      'a request above its limit',
      'BadLimits',
      { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } },
      'resources.requests',
    ],
    ['an invalid name', 'BadName', { name: 'Not_A_Name' }, 'containers[0].name'],
  ]
  for (const [, alertname, container] of rejected) given(makeOperario(alertname, succeed, { container }))
  test.each(rejected)(
    'a Job that only the API server rejects ends the run invalid, with its message: %s',
    async (_, alertname, __, path) => {
      const { result } = await system.run(firing(alertname))
      expect(result).toMatchObject({
        outcome: 'invalid',
        reason: expect.stringMatching(/the API server answered 422 Invalid/),
      })
      expect(result.reason).toContain(path)
      expect(await system.jobs(alertname)).toEqual([])
    },
  )

  given(makeOperario('Elsewhere', [], { manifest: jobYaml('', 'namespace: kube-system') }))
  test('a manifest for another namespace ends the run invalid', async () => {
    const { result } = await system.run(firing('Elsewhere'))
    expect(result).toMatchObject({ outcome: 'invalid', reason: expect.stringContaining('kube-system') })
  })
})

describe('ConfigMap names', () => {
  const names: [what: string, alertname: string][] = [
    ['a path', '../../../kube-system/configmaps/openfero-x'],
    ['an escaped path', '..%2f..%2fsecrets%2fx'],
    ['a query', 'x?watch=true&labelSelector='],
    ['dots', '..'],
    ['punctuation', '!!!'],
    ['non-Latin text', '磁盘空间不足 🌡️'],
    ['300 characters', 'x'.repeat(300)],
    ['a line break', 'x\ny'],
    ['a NUL', 'x\0y'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['the name of an alert with its status', 'Harmless-firing'],
  ]
  test.each(names)('an alertname matches nothing: %s', async (_, alertname) => {
    const { result } = await system.run(firing(alertname))
    expect(result.outcome).toBe('unmatched')
    expect(result.reason).not.toBe('')
  })

  given(
    makeOperario('victim', succeed, { metadata: { name: 'openfero---proto---firing', labels: { app: 'openfero' } } }),
  )
  given(
    makeOperario('victim', succeed, { metadata: { name: 'openfero-constructor-firing', labels: { app: 'openfero' } } }),
  )
  test.each(['__proto__', 'constructor'])(
    'an alertname %s does not match an inherited property of the data',
    async (alertname) => {
      const { result } = await system.run(firing(alertname, { instance: 'again' }))
      expect(result).toMatchObject({ outcome: 'unmatched', reason: expect.stringContaining('has no key') })
    },
  )

  test('no alert makes the worker request anything but ConfigMaps, Jobs, their pods and Events of its namespace', () => {
    const requests = system.cluster.audit.entries().map(({ verb, path }) => `${verb} ${path}`)
    const allowed = [
      /^(list|watch) \/api\/v1\/namespaces\/default\/configmaps$/,
      /^(list|watch|create) \/apis\/batch\/v1\/namespaces\/default\/jobs$/,
      /^get \/apis\/batch\/v1\/namespaces\/default\/jobs\/[a-z0-9-]+$/,
      /^list \/api\/v1\/namespaces\/default\/pods$/,
      /^get \/api\/v1\/namespaces\/default\/pods\/[a-z0-9-]+\/log$/,
      /^create \/api\/v1\/namespaces\/default\/events$/,
      /^patch \/api\/v1\/namespaces\/default\/events\/openfero-[a-z0-9.-]+$/,
    ]
    expect(requests.filter((request) => !allowed.some((pattern) => pattern.test(request)))).toEqual([])
  })
})

describe('URLs', () => {
  test('URLs in webhooks are passed on and never fetched', async () => {
    const fetched: string[] = []
    const server = createServer((request, response) => {
      fetched.push(request.url ?? '')
      response.end()
    }).listen(0, '127.0.0.1')
    onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
    const url = await vi.waitFor(() => `http://127.0.0.1:${(server.address() as AddressInfo).port}`, PATIENCE)
    const alert = makeAlert(
      'PrintsEnv',
      { runbook_url: `${url}/label` },
      {
        generatorURL: `${url}/generator`,
        annotations: { dashboard: `${url}/annotation` },
        silenceURL: `${url}/silence`,
      },
    )
    const run = await system.run(makeWebhook([alert], { externalURL: `${url}/external` }))
    expect(JSON.parse(await system.logOf(run.job))).toMatchObject({ OPIFER_GENERATOR_URL: `${url}/generator` })
    expect(fetched).toEqual([])
  })
})

describe('Request bodies', () => {
  const good = JSON.stringify(firing('Harmless'))
  const json = { 'Content-Type': 'application/json' }

  const bodies: [what: string, status: number, body: string | Uint8Array, headers?: Record<string, string>][] = [
    ['empty', 400, ''],
    ['cut off', 400, good.slice(0, -10)],
    ['null', 400, 'null'],
    ['a list', 400, '[]'],
    ['of another version', 400, good.replace('"4"', '"3"')],
    ['with alerts that are not a list', 400, '{"version":"4","groupKey":"g","receiver":"r","alerts":{}}'],
    ['not UTF-8', 400, Buffer.from(good.replace('node', '\xff\xfe'), 'latin1').fill(0xff, 20, 22)],
    ['UTF-16', 400, Buffer.from(good, 'utf16le')],
    ['deeply nested', 400, '['.repeat(400_000) + ']'.repeat(400_000)],
    ['too large', 413, JSON.stringify(firing('Harmless', { padding: 'x'.repeat(1_100_000) }))],
    ['a form', 415, good, { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['without a type', 415, good, { 'Content-Type': '' }],
    ['compressed', 415, good, { 'Content-Encoding': 'gzip' }],
  ]
  test.each(bodies)('a body that is %s is answered with %i and enqueues nothing', async (_, status, body, headers) => {
    const before = (await system.runs.all()).length
    const reply = await postBody(`${system.ingest.url}/alerts`, body, { ...json, ...headers })
    expect(reply).toMatchObject({ status, contentType: 'application/problem+json' })
    expect(JSON.parse(reply.text)).toMatchObject({ status, detail: expect.stringMatching(/./) })
    expect(await system.runs.all()).toHaveLength(before)
  })

  test('a webhook is accepted on a connection whose previous body was too large', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const url = `${system.ingest.url}/alerts`
    expect(await postBody(url, 'x'.repeat(1_100_000), json, agent)).toMatchObject({ status: 413 })
    expect(await postBody(url, good, json, agent)).toMatchObject({ status: 202 })
  })

  test('a body without a stated length is cut off as soon as it is too large', async () => {
    const { hostname, port } = new URL(system.ingest.url)
    const socket = connect(Number(port), hostname)
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    let answer = ''
    socket.on('data', (data) => (answer += data.toString()))
    socket.write(
      `POST /alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    // The last chunk never comes, so a server must not wait for it.
    for (let sent = 0; sent < 20; sent++) socket.write(`10000\r\n${'x'.repeat(0x10000)}\r\n`)
    await expect.poll(() => answer).toMatch(/^HTTP\/1.1 413 /)
  })

  test('a deeply nested alert ends invalid and does not affect its group', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const group = JSON.stringify(makeWebhook([makeAlert('Harmless', { instance: 'deep' }), makeAlert('DEEP')]))
    const [valid, invalid] = await system.post(group.replace(/"alertname":"DEEP"/, () => `"alertname":${deep}`))
    expect((await system.runs.end(valid?.runId ?? '')).result.outcome).toBe('succeeded')
    expect((await system.runs.end(invalid?.runId ?? '')).result.outcome).toBe('invalid')
  })

  const alerts: [what: string, alert: unknown][] = [
    ['that is null', null],
    ['that is a number', 1],
    ['that is a list', []],
    ['without labels', { status: 'firing' }],
    ['with a label that is a number', { status: 'firing', labels: { alertname: 'Harmless', x: 1 } }],
    ['with an empty alertname', { status: 'firing', labels: { alertname: '' } }],
    ['with an unknown status', { ...makeAlert('Harmless'), status: 'burning' }],
    ['with an invalid time', { ...makeAlert('Harmless'), startsAt: 'yesterday' }],
  ]
  test.each(alerts)('an alert %s ends invalid, and the reason says what is wrong', async (_, alert) => {
    const [receipt] = await system.post(JSON.stringify({ ...makeWebhook([]), alerts: [alert] }))
    const { result } = await system.runs.end(receipt?.runId ?? '')
    expect(result).toMatchObject({ outcome: 'invalid', reason: expect.stringMatching(/\w{3}/) })
  })
})
