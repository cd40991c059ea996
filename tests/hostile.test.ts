/**
 * Alerts, ConfigMaps and requests as an attacker would have them, from HTTP to the running process. Labels come from
 * whoever can make a metric: nothing in them may be evaluated, reach further than the alert's own Job, or stop the others.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { Agent, createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KubeObject, validateJob } from '@opifer/devcluster'
import { eventually } from '@opifer/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { BAD_MANIFESTS, jobYaml } from './harness/bad-manifests.ts'
import { postBody } from './harness/http.ts'
import { makeOperario, printEnv, shell, succeed } from './harness/operario.ts'
import { startSystem, type System } from './harness/system.ts'
import { firing, makeAlert, makeWebhook } from './harness/webhook.ts'

let system: System
const operarios: KubeObject[] = []

/** An Operario that is there before the worker starts. */
function given(...configMaps: KubeObject[]): void {
  operarios.push(...configMaps)
}

beforeAll(async () => {
  system = await startSystem({ operarios, ingestFlags: ['--maxBodyBytes=1048576'], workerFlags: ['--cooldown=0'] })
})

afterAll(() => system.stop())

afterEach(async () => {
  const { result } = await system.run(firing('Harmless', { instance: randomUUID() }))
  if (result.outcome !== 'succeeded') throw new Error(`the next alert, which is sound, ended ${result.outcome}`)
})

given(makeOperario('Harmless', succeed))
const secret = { name: 'SECRET', value: 's3cr3t' }
given(makeOperario('PrintsEnv', printEnv, { container: { env: [secret] } }))

/** Runs an alert with these labels, and returns the environment that the process saw. */
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

describe('Values of labels', () => {
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
    ['a reference that is escaped already', '$$(SECRET)'],
    ['many dollar signs', '$$$(SECRET)$$$$(SECRET)$'],
    ['a reference to what envFrom brings', '$(SHARED)'],
    ['a reference to another label', '$(OPENFERO_ALERTNAME)'],
    ['shell metacharacters', `"; exit 1 #' \`exit 1\` $(exit 1) | && || > < * ? ~ \\`],
    ['line breaks and controls', 'one\ntwo\r\nthree\tfour\u001b[31mred\u0007'],
    ['texts of the whole world', 'Ünïcödé 温度 🌡️ \u202Eright-to-left'],
    ['YAML', '- a: &b [*b, !!binary x]\n---\n'],
    ['JSON', '{"__proto__":{"polluted":true}}'],
    ['nothing', ''],
  ]
  test.each(texts)('%s reaches the process byte for byte', async (_, text) => {
    const run = await system.run(firing('SharesEnv', { instance: text }))
    expect(run.result.outcome).toBe('succeeded')
    expect(JSON.parse(await system.logOf(run.job))).toMatchObject({
      OPENFERO_INSTANCE: text,
      SECRET: 's3cr3t',
      SHARED: 'sh4red',
    })
  })

  test('what no environment can hold is replaced: NUL, and half of a surrogate pair', async () => {
    const env = await environmentOf(String.raw`{"instance":"a\u0000b","half":"\ud83c!"}`)
    expect(env).toMatchObject({ OPENFERO_INSTANCE: 'a\uFFFDb', OPENFERO_HALF: '\uFFFD!' })
  })

  const mark = join(tmpdir(), `opifer-injected-${randomUUID()}`)
  given(
    makeOperario('UsesShell', shell('printf %s "$OPENFERO_INSTANCE"; printf %s "$1"'), {
      container: { args: ['sh', '$(OPENFERO_INSTANCE)'] },
    }),
  )
  test('a script that quotes its variables, and an argument, run no command of a label', async () => {
    const attack = `x"; touch ${mark}; echo "$(touch ${mark})\`touch ${mark}\`\n touch ${mark}`
    const run = await system.run(firing('UsesShell', { instance: attack }))
    expect(await system.logOf(run.job)).toBe(attack + attack)
    expect(existsSync(mark)).toBe(false)
  })

  test('200 kB in one label: the process gets what the kernel lets through, with a mark of the cut', async () => {
    const { OPENFERO_INSTANCE: seen = '', OPIFER_ALERT: json = '' } = await environmentOf({
      instance: 'x'.repeat(200_000),
    })
    expect(Buffer.byteLength(`OPENFERO_INSTANCE=${seen}`)).toBeLessThanOrEqual(131_071)
    expect(seen).toMatch(/^x{130000,}…\[cut by opifer\]$/)
    expect(JSON.parse(json)).toMatchObject({ truncated: true })
  })

  test('more than 256 KiB in one alert end its run invalid', async () => {
    const run = await system.run(firing('PrintsEnv', { a: 'x'.repeat(150_000), b: 'y'.repeat(150_000) }))
    expect(run.result).toMatchObject({ outcome: 'invalid', reason: expect.stringContaining('characters') })
  })

  const many = Array.from({ length: 12 }, (_, index) => ({ name: `c${index}`, image: 'i', command: succeed }))
  given(makeOperario('ManyContainers', [], { pod: { containers: many } }))
  test('so much in so many containers that Kubernetes could not keep the Job: the run ends invalid', async () => {
    const run = await system.run(firing('ManyContainers', { instance: 'x'.repeat(130_000) }))
    expect(run.result).toMatchObject({ outcome: 'invalid', reason: expect.stringContaining('bytes') })
  })

  given(makeOperario('x'.repeat(100), succeed))
  test('values that are longer than the labels of Kubernetes', async () => {
    const run = await system.run({ ...firing('x'.repeat(100)), groupKey: 'g'.repeat(5_000), receiver: 'r'.repeat(500) })
    expect(run.result.outcome).toBe('succeeded')
    expect((await system.jobs('x'.repeat(63))).map(({ metadata }) => metadata.name)).toEqual([run.job?.name])
    expect(run.job?.name).toMatch(/^x+-[0-9a-f]{16}$/)
    expect(run.job?.name.length).toBeLessThanOrEqual(63)
  })

  test('a label that would forge a line of the log stays within its line', async () => {
    const forged = 'x\n{"level":"info","msg":"forged"}\n'
    await environmentOf({ instance: forged })
    await system.run({ ...firing(forged), groupKey: forged })
    for (const { lines } of [system.ingest, ...system.workers]) {
      expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).not.toContain('forged')
    }
  })
})

describe('Names of labels', () => {
  test('become OPENFERO_ and capitals, digits and underscores, whatever they are', async () => {
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

  test('that become the same variable: the one that needs no change wins, and the log tells of the other', async () => {
    const env = await environmentOf({ 'foo-bar': 'loser', foo_bar: 'winner', 'foo.bar': 'loser' })
    expect(env['OPENFERO_FOO_BAR']).toBe('winner')
    await system.workers[0]?.waitForLine(/foo-bar.*is dropped/)
  })

  test('__proto__ and its like are labels as any other', async () => {
    const env = await environmentOf('{"__proto__":"a","constructor":"b","toString":"c","hasOwnProperty":"d"}')
    expect(env).toMatchObject({
      OPENFERO___PROTO__: 'a',
      OPENFERO_CONSTRUCTOR: 'b',
      OPENFERO_TOSTRING: 'c',
      OPENFERO_HASOWNPROPERTY: 'd',
    })
  })

  test('a __proto__ that is an object pollutes nothing: its alert is invalid', async () => {
    const [receipt] = await system.post(
      JSON.stringify(firing('PrintsEnv')).replace('"labels":{', '"labels":{"__proto__":{"polluted":"yes"},'),
    )
    const run = await system.runs.end(receipt?.runId ?? '')
    expect(run.result).toMatchObject({ outcome: 'invalid', reason: expect.stringContaining('__proto__') })
    expect(await environmentOf({})).not.toHaveProperty('polluted')
  })

  test('longer than any variable', async () => {
    const env = await environmentOf({ ['n'.repeat(5_000)]: 'x', instance: 'node-1' })
    expect(env['OPENFERO_INSTANCE']).toBe('node-1')
  })

  test('a thousand of them', async () => {
    const labels = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`label_${index}`, String(index)]))
    expect((await environmentOf(labels))['OPENFERO_LABEL_999']).toBe('999')
  })
})

describe('Manifests of Operarios', () => {
  for (const { alertname, manifest } of BAD_MANIFESTS) given(makeOperario(alertname, [], { manifest }))
  test.each(BAD_MANIFESTS)('$what: the run ends invalid, soon and with a reason', async ({ alertname, reason }) => {
    const { result, receivedAt } = await system.run(firing(alertname))
    expect(result).toMatchObject({ outcome: 'invalid', reason: expect.stringMatching(reason) })
    expect(result.reason).toContain(`default/openfero-${alertname.toLowerCase()}-firing`)
    // Far below the hour for which a run is tried that could work.
    expect(result.finishedAt - receivedAt).toBeLessThan(10_000)
    expect(await system.jobs(alertname)).toEqual([])
  })

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
  test('a few aliases and merge keys are as good as what they stand for', async () => {
    const { result } = await system.run(firing('YamlMerged'))
    expect(result.outcome).toBe('succeeded')
    expect((await system.jobs('YamlMerged'))[0]?.spec?.template.spec?.containers).toMatchObject([
      { name: 'one', command: ['true'] },
      { name: 'two', command: ['true'] },
    ])
  })

  const refused: [what: string, alertname: string, container: Record<string, unknown>, path: string][] = [
    [
      'a volume that is not there',
      'BadMount',
      { volumeMounts: [{ name: 'none', mountPath: '/x' }] },
      'volumeMounts[0].name',
    ],
    [
      'a request above its limit',
      'BadLimits',
      { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } },
      'resources.requests',
    ],
    ['a name that is none', 'BadName', { name: 'Not_A_Name' }, 'containers[0].name'],
  ]
  for (const [, alertname, container] of refused) given(makeOperario(alertname, succeed, { container }))
  test.each(refused)(
    'what only the API server can refuse ends the run invalid, with its words: %s',
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
  test('a Job for another namespace is refused', async () => {
    const { result } = await system.run(firing('Elsewhere'))
    expect(result).toMatchObject({ outcome: 'invalid', reason: expect.stringContaining('kube-system') })
  })
})

describe('The choice of the ConfigMap', () => {
  const names: [what: string, alertname: string][] = [
    ['a path', '../../../kube-system/configmaps/openfero-x'],
    ['an escaped path', '..%2f..%2fsecrets%2fx'],
    ['a query', 'x?watch=true&labelSelector='],
    ['dots', '..'],
    ['capitals and no letters', '!!!'],
    ['texts of the whole world', '磁盘空间不足 🌡️'],
    ['300 characters', 'x'.repeat(300)],
    ['a line break', 'x\ny'],
    ['a NUL', 'x\0y'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['a status of its own', 'Harmless-firing'],
  ]
  test.each(names)('an alertname that is %s matches nothing', async (_, alertname) => {
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
  test.each(['__proto__', 'constructor'])('%s finds no key that the ConfigMap has not', async (alertname) => {
    const { result } = await system.run(firing(alertname, { instance: 'again' }))
    expect(result).toMatchObject({ outcome: 'unmatched', reason: expect.stringContaining('has no key') })
  })

  test('no alert has made the worker ask for anything but its own namespace, ConfigMaps, Jobs, their pods, and Events', () => {
    const asked = system.cluster.audit.entries().map(({ verb, path }) => `${verb} ${path}`)
    const allowed = [
      /^(list|watch) \/api\/v1\/namespaces\/default\/configmaps$/,
      /^(list|watch|create) \/apis\/batch\/v1\/namespaces\/default\/jobs$/,
      /^get \/apis\/batch\/v1\/namespaces\/default\/jobs\/[a-z0-9-]+$/,
      /^list \/api\/v1\/namespaces\/default\/pods$/,
      /^get \/api\/v1\/namespaces\/default\/pods\/[a-z0-9-]+\/log$/,
      /^create \/api\/v1\/namespaces\/default\/events$/,
      /^patch \/api\/v1\/namespaces\/default\/events\/openfero-[a-z0-9.-]+$/,
    ]
    expect(asked.filter((request) => !allowed.some((pattern) => pattern.test(request)))).toEqual([])
  })
})

describe('URLs in webhooks', () => {
  test('are passed on and never fetched', async () => {
    const fetched: string[] = []
    const server = createServer((request, response) => {
      fetched.push(request.url ?? '')
      response.end()
    }).listen(0, '127.0.0.1')
    onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
    const url = await eventually(() => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
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

describe('Bodies', () => {
  const good = JSON.stringify(firing('Harmless'))
  const json = { 'Content-Type': 'application/json' }

  const bodies: [what: string, status: number, body: string | Uint8Array, headers?: Record<string, string>][] = [
    ['nothing', 400, ''],
    ['cut off', 400, good.slice(0, -10)],
    ['null', 400, 'null'],
    ['a list', 400, '[]'],
    ['another version', 400, good.replace('"4"', '"3"')],
    ['alerts that are no list', 400, '{"version":"4","groupKey":"g","receiver":"r","alerts":{}}'],
    ['not UTF-8', 400, Buffer.from(good.replace('node', '\xff\xfe'), 'latin1').fill(0xff, 20, 22)],
    ['UTF-16', 400, Buffer.from(good, 'utf16le')],
    ['very deep', 400, '['.repeat(400_000) + ']'.repeat(400_000)],
    ['too large', 413, JSON.stringify(firing('Harmless', { padding: 'x'.repeat(1_100_000) }))],
    ['a form', 415, good, { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['of no type', 415, good, { 'Content-Type': '' }],
    ['compressed', 415, good, { 'Content-Encoding': 'gzip' }],
  ]
  test.each(bodies)('%s is answered with %i, and leaves nothing behind', async (_, status, body, headers) => {
    const before = (await system.runs.all()).length
    const reply = await postBody(`${system.ingest.url}/alerts`, body, { ...json, ...headers })
    expect(reply).toMatchObject({ status, contentType: 'application/problem+json' })
    expect(JSON.parse(reply.text)).toMatchObject({ status, detail: expect.stringMatching(/./) })
    expect(await system.runs.all()).toHaveLength(before)
  })

  test('too large: the next webhook on the same connection is taken all the same', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const url = `${system.ingest.url}/alerts`
    expect(await postBody(url, 'x'.repeat(1_100_000), json, agent)).toMatchObject({ status: 413 })
    expect(await postBody(url, good, json, agent)).toMatchObject({ status: 202 })
  })

  test('too large and of no stated length is cut off as soon as that is clear', async () => {
    const { hostname, port } = new URL(system.ingest.url)
    const socket = connect(Number(port), hostname)
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    let answer = ''
    socket.on('data', (data) => (answer += data.toString()))
    socket.write(
      `POST /alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    // Never the last chunk: who waits for it waits for ever.
    for (let sent = 0; sent < 20; sent++) socket.write(`10000\r\n${'x'.repeat(0x10000)}\r\n`)
    await eventually(() => expect(answer).toMatch(/^HTTP\/1.1 413 /))
  })

  test('an alert that is very deep ends invalid, and does not hold its group up', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const group = JSON.stringify(makeWebhook([makeAlert('Harmless', { instance: 'deep' }), makeAlert('DEEP')]))
    const [sound, wrong] = await system.post(group.replace(/"alertname":"DEEP"/, () => `"alertname":${deep}`))
    expect((await system.runs.end(sound?.runId ?? '')).result.outcome).toBe('succeeded')
    expect((await system.runs.end(wrong?.runId ?? '')).result.outcome).toBe('invalid')
  })

  const alerts: [what: string, alert: unknown][] = [
    ['null', null],
    ['a number', 1],
    ['a list', []],
    ['without labels', { status: 'firing' }],
    ['with a label that is a number', { status: 'firing', labels: { alertname: 'Harmless', x: 1 } }],
    ['with an empty alertname', { status: 'firing', labels: { alertname: '' } }],
    ['with a status that is none', { ...makeAlert('Harmless'), status: 'burning' }],
    ['with a time that is none', { ...makeAlert('Harmless'), startsAt: 'yesterday' }],
  ]
  test.each(alerts)('an alert %s ends invalid, and the reason says what is wrong', async (_, alert) => {
    const [receipt] = await system.post(JSON.stringify({ ...makeWebhook([]), alerts: [alert] }))
    const { result } = await system.runs.end(receipt?.runId ?? '')
    expect(result).toMatchObject({ outcome: 'invalid', reason: expect.stringMatching(/\w{3}/) })
  })
})
