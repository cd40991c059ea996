/**
 * The Operarios contract, clause by clause: what an author of an Operario may rely on. "Guide" is the Operarios guide, whose
 * ConfigMap and webhook are used exactly as printed.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '@opifer/devcluster'
import { findExecutable, loadFixture, PATIENCE, startProcess, statusOf } from '@opifer/testkit'
import { load } from 'js-yaml'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, type TestContext, vi } from 'vitest'
import { makeGate } from './harness/gate.ts'
import { readCounter } from './harness/metrics.ts'
import { makeOperario, printEnv, shell, succeed } from './harness/operario.ts'
import { type Receipt, startSystem, type System } from './harness/system.ts'
import { firing, makeAlert, makeWebhook, resolved } from './harness/webhook.ts'

let system: System
const operarios: KubeObject[] = []

/** Adds Operarios that exist before the worker starts. */
function given(...configMaps: KubeObject[]): void {
  operarios.push(...configMaps)
}

beforeAll(async () => {
  // In place of the guide's image, a program that prints its environment.
  system = await startSystem({ operarios, images: { 'your-registry/disk-cleanup': { command: printEnv } } })
})

afterAll(() => system.stop())

given(load(loadFixture('operarios-guide/configmap.yaml')) as KubeObject)
const guideAlert = JSON.parse(loadFixture('operarios-guide/test-alert.json')) as ReturnType<typeof makeWebhook>

describe('1. ConfigMap name `openfero-<alertname>-<status>`, lower-cased and sanitized, with the labels of --labelSelector', () => {
  test("the guide's ConfigMap matches the guide's alert", async () => {
    const run = await system.run({ ...guideAlert, groupKey: 'name' })
    expect(run.operario).toMatchObject({
      configMap: `${system.namespace}/openfero-diskspacelow-firing`,
      key: 'DiskSpaceLow',
    })
    expect(run.result.outcome).toBe('succeeded')
  })

  const names = [
    { alertname: 'KubeQuotaAlmostFull', name: 'openfero-kubequotaalmostfull-firing', key: 'KubeQuotaAlmostFull' },
    { alertname: 'Node_Down', name: 'openfero-node-down-firing', key: 'Node_Down' },
    { alertname: 'Disk Space: low!', name: 'openfero-disk-space--low--firing', key: 'Disk-Space--low-' },
    { alertname: 'API.Slow', name: 'openfero-api.slow-firing', key: 'API.Slow' },
  ]
  for (const { name, key } of names) {
    const metadata = { name, labels: { app: 'openfero' } }
    given(makeOperario('names', succeed, { metadata, key }))
  }
  test.each(names)('alert $alertname matches ConfigMap $name', async ({ alertname, name }) => {
    const { operario } = await system.run(firing(alertname))
    expect(operario?.configMap).toBe(`${system.namespace}/${name}`)
  })

  given(makeOperario('OnlyResolved', succeed, { status: 'resolved' }))
  test('a firing alert does not run the Operario for resolved', async () => {
    const fired = await system.run(firing('OnlyResolved'))
    expect(fired.result).toMatchObject({
      outcome: 'unmatched',
      reason: expect.stringContaining(`${system.namespace}/openfero-onlyresolved-firing`),
    })
    const over = await system.run(resolved('OnlyResolved'))
    expect(over.operario?.configMap).toBe(`${system.namespace}/openfero-onlyresolved-resolved`)
    expect(over.result.outcome).toBe('succeeded')
  })

  given(makeOperario('DiskSpaceLow', succeed, { status: 'resolved' }))
  test('a resolved alert in a firing group runs the Operario for resolved', async () => {
    const receipts = await system.post(loadFixture('alertmanager/firing-group-with-one-resolved.json'))
    const ended = await Promise.all(receipts.map(({ runId }) => system.runs.end(runId)))
    expect(ended.map(({ alert, operario }) => [alert.status, operario?.configMap])).toEqual([
      ['firing', `${system.namespace}/openfero-diskspacelow-firing`],
      ['resolved', `${system.namespace}/openfero-diskspacelow-resolved`],
    ])
  })

  given(makeOperario('NoLabels', succeed, { metadata: { labels: {} } }))
  given(makeOperario('OtherLabels', succeed, { metadata: { labels: { app: 'other' } } }))
  given(makeOperario('OtherNamespace', succeed, { metadata: { namespace: 'elsewhere', labels: { app: 'openfero' } } }))
  test.each(['NoLabels', 'OtherLabels', 'OtherNamespace'])(
    'a ConfigMap with the right name that is not selected is not used: %s',
    async (alertname) => {
      const { result } = await system.run(firing(alertname))
      expect(result.outcome).toBe('unmatched')
      expect(await system.jobs(alertname)).toEqual([])
    },
  )

  test('ConfigMaps are listed and watched, never read one by one', (context) => {
    onDevCluster(context)
    const requests = system.cluster.audit.entries().filter(({ resource }) => resource === 'configmaps')
    expect(new Set(requests.map(({ verb }) => verb))).toEqual(new Set(['list', 'watch']))
    expect(requests.filter((request) => request.name !== undefined || request.namespace !== 'default')).toEqual([])
  })

  test('a ConfigMap that is created or changed later takes effect without a restart', async () => {
    const outcomeNow = async () => (await system.run(firing('CreatedLater'))).result.outcome
    expect(await outcomeNow()).toBe('unmatched')
    const labels = { app: 'openfero', 'openfero/job-disabled': 'true' }
    await system.apply(makeOperario('CreatedLater', succeed, { metadata: { labels } }))
    await expect.poll(() => outcomeNow()).toBe('disabled')
    await system.apply(makeOperario('CreatedLater', succeed))
    await expect.poll(() => outcomeNow()).toBe('succeeded')
  })
})

describe("2. data[<alertname>], in the alert's own case, holds a complete batch/v1 Job", () => {
  given(makeOperario('CaseMatters', succeed, { key: 'casematters' }))
  test('a key in another case does not match', async () => {
    const { result } = await system.run(firing('CaseMatters'))
    expect(result).toMatchObject({ outcome: 'unmatched', reason: expect.stringContaining('no key "CaseMatters"') })
  })

  const wrong = [
    ['a CronJob', 'NotAJob', '{apiVersion: batch/v1, kind: CronJob}', 'kind must be Job'],
    ['of another version', 'NotV1', '{apiVersion: batch/v1beta1, kind: Job}', 'apiVersion must be batch/v1'],
    ['not YAML', 'NotYaml', 'kind: [Job', 'is not valid YAML'],
  ] as const
  for (const [, alertname, manifest] of wrong) given(makeOperario(alertname, [], { manifest }))
  test.each(wrong)(
    'a manifest that is %s ends the run invalid, and the reason says where and why',
    async (_, alertname, __, problem) => {
      const { result } = await system.run(firing(alertname))
      expect(result.outcome).toBe('invalid')
      expect(result.reason).toContain(
        `${system.namespace}/openfero-${alertname.toLowerCase()}-firing, key "${alertname}"`,
      )
      expect(result.reason).toContain(problem)
      expect(await system.jobs(alertname)).toEqual([])
    },
  )
})

describe('3. Every container gets every alert label as OPENFERO_<LABEL>', () => {
  const containers = ['first', 'second'].map((name) => ({ name, image: 'example/tool:1', command: printEnv }))
  given(makeOperario('EnvSeen', [], { pod: { initContainers: [{ ...containers[0], name: 'before' }], containers } }))
  test('every container, including init containers, sees every label in its environment', async () => {
    const { job } = await system.run(firing('EnvSeen', { instance: 'node-1', mountpoint: '/var/log', camelCase: 'x' }))
    const logs = await Promise.all(['before', 'first', 'second'].map((container) => system.logOf(job, container)))
    const seen = logs.map((log) => JSON.parse(log) as unknown)
    const expected = expect.objectContaining({
      OPENFERO_ALERTNAME: 'EnvSeen',
      OPENFERO_SEVERITY: 'warning',
      OPENFERO_INSTANCE: 'node-1',
      OPENFERO_MOUNTPOINT: '/var/log',
      OPENFERO_CAMELCASE: 'x',
    })
    expect(seen).toEqual([expected, expected, expected])
  })

  test("the author's own env is kept", async () => {
    const { job } = await system.run({ ...guideAlert, groupKey: 'own-env' })
    expect(JSON.parse(await system.logOf(job, 'cleanup'))).toMatchObject({
      DRY_RUN: 'false',
      OPENFERO_ALERTNAME: 'DiskSpaceLow',
    })
  })

  const env = [{ name: 'TARGET', value: 'https://$(OPENFERO_INSTANCE):9100' }]
  given(makeOperario('Refers', shell('echo "$TARGET" "$0"'), { container: { env, args: ['$(OPENFERO_INSTANCE)'] } }))
  test("$(OPENFERO_INSTANCE) expands to the label in the author's env and args", async () => {
    const { job } = await system.run(firing('Refers', { instance: 'node-7' }))
    expect(await system.logOf(job)).toBe('https://node-7:9100 node-7\n')
  })

  test('the worker logs "Adding labels as environment variables" for the run', async () => {
    const { id } = await system.run(firing('EnvSeen', { instance: 'node-2' }))
    const line = await system.workers[0]?.waitForLine(new RegExp(`${id}.*"Adding labels as environment variables"`))
    expect((JSON.parse(line ?? '') as { variables: string[] }).variables).toContain('OPENFERO_INSTANCE')
  })
})

describe('4. Exit code 0 is success, 1–255 failure, and the rest of the manifest is unchanged', () => {
  given(makeOperario('ExitsWith0', shell('exit 0')))
  test('exit code 0 ends the run succeeded', async () => {
    const { id, result } = await system.run(firing('ExitsWith0'))
    expect(result.outcome).toBe('succeeded')
    expect(await system.runs.state(id)).toBe('completed')
  })

  const codes = [1, 3, 255]
  for (const code of codes) {
    const script = `seq 100; echo last words of ${code} >&2; exit ${code}`
    given(makeOperario(`ExitsWith${code}`, shell(script)))
  }
  test.each(codes)('exit code %i ends the run failed, with the code and the last log lines', async (exitCode) => {
    const { id, result } = await system.run(firing(`ExitsWith${exitCode}`))
    expect(result).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(new RegExp(`^BackoffLimitExceeded: .*; exit code ${exitCode}$`)),
      exits: [{ container: 'main', exitCode }],
    })
    expect(result.log?.split('\n').slice(-2)).toEqual(['100', `last words of ${exitCode}`])
    expect(result.log).not.toMatch(/^1$/m)
    expect(await system.runs.state(id)).toBe('failed')
  })

  given(makeOperario('FailsThrice', shell('exit 4'), { job: { backoffLimit: 2 } }))
  test('backoffLimit 2 allows three attempts, and all their exit codes are recorded', async () => {
    const { result } = await system.run(firing('FailsThrice'))
    expect(result).toMatchObject({ outcome: 'failed', exits: [{ exitCode: 4 }, { exitCode: 4 }, { exitCode: 4 }] })
  })

  const mark = join(tmpdir(), `opifer-tried-${randomUUID()}`)
  afterAll(() => rm(mark, { force: true }))
  given(makeOperario('FailsOnce', shell(`[ -e ${mark} ] || { touch ${mark}; exit 1; }`), { job: { backoffLimit: 1 } }))
  test('a failed pod does not fail the run while retries remain', async (context) => {
    onDevCluster(context)
    const { result } = await system.run(firing('FailsOnce'))
    expect(result.outcome).toBe('succeeded')
    expect(existsSync(mark)).toBe(true)
  })

  given(makeOperario('TooSlow', shell('sleep 60'), { job: { activeDeadlineSeconds: 1, backoffLimit: 0 } }))
  test('activeDeadlineSeconds ends the Job and the run failed', async () => {
    const { result } = await system.run(firing('TooSlow'))
    expect(result).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('DeadlineExceeded') })
  })

  // The guide's best practices 3, 4, 5 and 7, and other common fields.
  const manifest = `
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: everything
      labels: {app: openfero, team: storage}
      annotations: {example.com/owner: storage}
    spec:
      backoffLimit: 3
      activeDeadlineSeconds: 900
      completions: 1
      parallelism: 1
      podFailurePolicy:
        rules:
        - {action: FailJob, onExitCodes: {containerName: worker, operator: In, values: [42]}}
      template:
        metadata:
          labels: {team: storage}
          annotations: {sidecar.istio.io/inject: "false"}
        spec:
          activeDeadlineSeconds: 600
          terminationGracePeriodSeconds: 5
          serviceAccountName: remediator
          automountServiceAccountToken: true
          imagePullSecrets: [{name: registry}]
          nodeSelector: {kubernetes.io/os: linux}
          tolerations: [{key: dedicated, operator: Equal, value: ops, effect: NoSchedule}]
          priorityClassName: high
          hostNetwork: false
          dnsPolicy: ClusterFirst
          securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000}
          volumes:
          - {name: scratch, emptyDir: {sizeLimit: 1Gi}}
          - {name: secret, secret: {secretName: token, defaultMode: 256}}
          initContainers:
          - {name: prepare, image: "busybox:1", command: ["true"]}
          containers:
          - name: worker
            image: your-image:tag
            imagePullPolicy: IfNotPresent
            command: ["true"]
            workingDir: ""
            resources:
              requests: {memory: 128Mi, cpu: 100m}
              limits: {memory: 256Mi, cpu: 500m}
            securityContext:
              allowPrivilegeEscalation: false
              readOnlyRootFilesystem: true
              capabilities: {drop: [ALL]}
            volumeMounts: [{name: scratch, mountPath: /scratch}]
          restartPolicy: Never`
  given(makeOperario('Everything', [], { manifest }))
  test('everything else that the author wrote is in the Job unchanged', async (context) => {
    onDevCluster(context)
    const { result } = await system.run(firing('Everything'))
    expect(result.outcome).toBe('succeeded')
    const [job] = await system.jobs('Everything')
    const author = load(manifest) as { spec: object; metadata: { labels: object; annotations: object } }
    expect(job?.spec).toMatchObject(author.spec)
    expect(job?.metadata.labels).toMatchObject(author.metadata.labels)
    expect(job?.metadata.annotations).toMatchObject(author.metadata.annotations)
    expect(job?.metadata.name).toMatch(/^everything-[0-9a-f]{16}-0$/)
  })
})

describe('5. ttlSecondsAfterFinished defaults to 300', () => {
  test('a Job without a TTL of its own is kept for 300 seconds', async () => {
    const { job } = await system.run({ ...guideAlert, groupKey: 'ttl' })
    const created = (await system.jobs('DiskSpaceLow')).find(({ metadata }) => metadata.name === job?.name)
    expect(created?.spec?.ttlSecondsAfterFinished).toBe(300)
  })

  given(makeOperario('KeptFor60', succeed, { job: { ttlSecondsAfterFinished: 60 } }))
  test("the author's ttlSecondsAfterFinished overrides the default", async () => {
    await system.run(firing('KeptFor60'))
    expect((await system.jobs('KeptFor60'))[0]?.spec?.ttlSecondsAfterFinished).toBe(60)
  })

  given(makeOperario('KeptFor0', succeed, { job: { ttlSecondsAfterFinished: 0 } }))
  given(makeOperario('FailsAndIsGone', shell('exit 1'), { job: { ttlSecondsAfterFinished: 0, backoffLimit: 0 } }))
  test.each([
    ['KeptFor0', 'succeeded'],
    ['FailsAndIsGone', 'failed'],
  ])(
    'the end of a Job with ttlSecondsAfterFinished 0 is recorded although the Job is deleted at once: %s',
    async (name, outcome) => {
      const { result } = await system.run(firing(name))
      expect(result.outcome).toBe(outcome)
      await expect.poll(() => system.jobs(name)).toEqual([])
    },
  )
})

describe('6. POST /alerts accepts the webhook', () => {
  test("the guide's curl line runs the guide's alert", async () => {
    const dir = await mkdtemp(join(tmpdir(), 'opifer-guide-'))
    onTestFinished(() => rm(dir, { recursive: true }))
    await writeFile(join(dir, 'test-alert.json'), loadFixture('operarios-guide/test-alert.json'))
    const [receipt] = await guideCurl(dir)
    const { result } = await system.runs.end(receipt?.runId ?? '')
    expect(result.outcome).toBe('succeeded')
  })

  test('an alert without an alertname ends invalid and does not affect the others of its group', async () => {
    const nameless = { ...makeAlert('x'), labels: { severity: 'warning' } }
    const receipts = await system.post(
      makeWebhook([makeAlert('KeptFor60', { instance: 'a' }), nameless, makeAlert('KeptFor60', { instance: 'b' })]),
    )
    const ended = await Promise.all(receipts.map(({ runId }) => system.runs.end(runId)))
    expect(ended.map(({ result }) => result.outcome)).toEqual(['succeeded', 'invalid', 'succeeded'])
    expect(ended[1]?.result.reason).toContain('labels.alertname is missing')
    expect(receipts[1]?.invalid).toBe(ended[1]?.result.reason)
  })

  const gate = makeGate()
  afterAll(() => gate.remove())
  given(makeOperario('TakesLong', gate.command))
  test('twins and repeats join the run in flight and share its Job', async (context) => {
    onDevCluster(context)
    const receipts = await Promise.all(Array.from({ length: 8 }, () => system.post(firing('TakesLong'))))
    const results = receipts.flat().map(({ result }) => result)
    expect(results.sort()).toEqual([...Array.from({ length: 7 }, () => 'deduplicated'), 'enqueued'])
    const [runId, ...others] = new Set(receipts.flat().map((receipt) => receipt.runId))
    expect(others).toEqual([])
    await expect.poll(() => system.jobs('TakesLong')).toHaveLength(1)
    await gate.open()
    expect((await system.runs.end(runId ?? '')).result.outcome).toBe('succeeded')
    expect(await system.jobs('TakesLong')).toHaveLength(1)
  })
})

describe('7. A ConfigMap labelled `openfero/job-disabled: "true"` is known but not run', () => {
  const metadata = { labels: { app: 'openfero', 'openfero/job-disabled': 'true' } }
  given(makeOperario('SwitchedOff', succeed, { metadata }))
  test('a run for a disabled Operario ends disabled, without a Job', async () => {
    const { id, result } = await system.run(firing('SwitchedOff'))
    expect(result).toMatchObject({ outcome: 'disabled', reason: expect.stringContaining('openfero/job-disabled') })
    expect(await system.jobs('SwitchedOff')).toEqual([])
    expect(await system.runs.state(id)).toBe('completed')
  })
})

describe('8. Tools built around OpenFero keep working', () => {
  given(makeOperario('Labelled', succeed), makeOperario('LabelledFailing', shell('exit 1')))

  test('the Job and its pods carry the labels openfero.io/group-key, openfero.io/alert and openfero.io/status', async () => {
    await system.run({ ...firing('Labelled'), groupKey: 'foobar' })
    // FNV-1a-64 of "foobar", from the authors' test vectors.
    const groupKey = `g${0x85944171f73967e8n.toString(36)}`
    const labels = {
      'openfero.io/group-key': groupKey,
      'openfero.io/alert': 'Labelled',
      'openfero.io/status': 'firing',
      app: 'openfero',
    }
    const [job] = await system.jobs('Labelled')
    const [pod] = await system.pods(job?.metadata)
    expect(job?.metadata.labels).toMatchObject(labels)
    expect(pod?.metadata.labels).toMatchObject(labels)
  })

  test('the metrics openfero_jobs_{created,succeeded,failed}_total count Jobs', async () => {
    const names = ['created', 'succeeded', 'failed'].map((what) => `openfero_jobs_${what}_total`)
    const read = () => Promise.all(names.map((name) => readCounter(name, system.workers)))
    const before = await read()
    await system.run(firing('Labelled', { instance: 'counted' }))
    await system.run(firing('LabelledFailing', { instance: 'counted' }))
    const after = await read()
    expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([2, 1, 1])
  })

  test('GET /alerts answers "OK"', async () => {
    const response = await fetch(`${system.ingest.url}/alerts`)
    expect(await response.json()).toBe('OK')
  })

  test.each(['ingest', 'worker'])('%s serves /healthz, /readiness and /metrics', async (name) => {
    const url = name === 'ingest' ? system.ingest.url : system.workers[0]?.url
    for (const path of ['/healthz', '/readiness']) {
      expect([path, await statusOf(url + path)]).toEqual([path, 200])
    }
    const metrics = await fetch(`${url}/metrics`)
    expect(metrics.headers.get('Content-Type')).toContain('text/plain')
    expect(await metrics.text()).toContain('process_cpu_seconds_total')
  })

  const basic = {
    flags: ['authMethod=basic', 'authBasicUser=am', 'authBasicPass=p4ss'],
    header: `Basic ${btoa('am:p4ss')}`,
  }
  const bearer = { flags: ['authMethod=bearer', 'authBearerToken=t0ken'], header: 'Bearer t0ken' }
  test.each([
    { dash: '-', auth: basic },
    { dash: '--', auth: bearer },
  ])("OpenFero's flags work when written with $dash", async ({ dash, auth }) => {
    const operario = makeOperario('Flagged', succeed, { metadata: { namespace: 'recipes', labels: { team: 'ops' } } })
    const ingestFlags = ['addr=127.0.0.1:0', 'logLevel=info', ...auth.flags].map((flag) => dash + flag)
    const flagged = await startSystem({ workers: 0, ingestFlags, operarios: [operario] })
    onTestFinished(() => flagged.stop())
    const [recipes, remedies] = [flagged.namespaceOf('recipes'), await flagged.createNamespace('remedies')]
    const settings = {
      kubeconfig: flagged.kubeconfig,
      configmapNamespace: recipes,
      jobDestinationNamespace: remedies,
      labelSelector: 'team=ops',
      logLevel: 'info',
      addr: '127.0.0.1:0',
    }
    await flagged.startWorker(...Object.entries(settings).flatMap(([name, value]) => [dash + name, value]))

    const url = `${flagged.ingest.url}/alerts`
    const request = { method: 'POST', body: JSON.stringify(firing('Flagged')) }
    const headers = { 'Content-Type': 'application/json' }
    expect(await statusOf(url, { ...request, headers })).toBe(401)
    const response = await fetch(url, { ...request, headers: { ...headers, Authorization: auth.header } })
    expect(response.status).toBe(202)
    const { alerts } = (await response.json()) as { alerts: Receipt[] }
    expect((await flagged.runs.end(alerts[0]?.runId ?? '')).result.outcome).toBe('succeeded')
    const [job] = await flagged.jobs('Flagged')
    expect(job?.metadata).toMatchObject({ namespace: remedies, labels: { team: 'ops' } })
  })
})

describe('Alerts that get no Job', () => {
  test('a repeat within the cooldown, 60 s by default, gets no run', async () => {
    const { id } = await system.run(firing('KeptFor60', { instance: 'cooldown' }))
    const [repeat] = await system.post(firing('KeptFor60', { instance: 'cooldown' }))
    expect(repeat).toMatchObject({ result: 'cooldown', runId: id })
  })

  for (const [alertname, value] of [
    ['NeverCools', '0'],
    ['CoolsAMoment', '2s'],
  ] as const) {
    const metadata = { labels: { app: 'openfero' }, annotations: { 'opifer.io/cooldown': value } }
    given(makeOperario(alertname, succeed, { metadata }))
  }
  test('the annotation opifer.io/cooldown with value 0 turns the cooldown off', async () => {
    const first = await system.run(firing('NeverCools'))
    const second = await system.run(firing('NeverCools'))
    expect(second.id).not.toBe(first.id)
    expect(second.job?.name).not.toBe(first.job?.name)
  })

  test('a repeat after the cooldown gets a run', async () => {
    const { id } = await system.run(firing('CoolsAMoment'))
    const [repeat] = await system.post(firing('CoolsAMoment'))
    expect(repeat).toMatchObject({ result: 'cooldown', runId: id })
    const again = await vi.waitFor(async () => {
      const [receipt] = await system.post(firing('CoolsAMoment'))
      expect(receipt?.result).toBe('enqueued')
      return receipt?.runId ?? ''
    }, PATIENCE)
    expect((await system.runs.end(again)).result.outcome).toBe('succeeded')
  })

  given(makeOperario('Passes', succeed))
  test('an alert that resolves before its Job is created ends superseded', async (context) => {
    onDevCluster(context)
    const outage = system.cluster.faults.add({ verb: 'create', resource: 'jobs', fault: { type: 'status', code: 503 } })
    onTestFinished(outage)
    const [fired] = await system.post(firing('Passes', { instance: 'a' }))
    await expect.poll(() => system.cluster.faults.list()[0]?.hits).toBeGreaterThan(0)
    await system.run(resolved('Passes', { instance: 'a' }))
    outage()
    const run = await system.runs.end(fired?.runId ?? '')
    expect(run.result.outcome).toBe('superseded')
    expect(await system.jobs('Passes')).toEqual([])
  })

  test('an alert that fires again after it resolved is not superseded', async () => {
    await system.run(resolved('Passes', { instance: 'b' }))
    const later = {
      labels: { alertname: 'Passes', severity: 'warning', instance: 'b' },
      startsAt: '2026-11-23T05:00:00Z',
    }
    const run = await system.run(makeWebhook([makeAlert('Passes', {}, later)]))
    expect(run.result.outcome).toBe('succeeded')
  })

  test('an alert whose Job can not be created within --maxAge ends expired, with the cause', async (context) => {
    onDevCluster(context)
    const old = await startSystem({ workerFlags: ['--maxAge=1s'], operarios: [makeOperario('Waits', succeed)] })
    onTestFinished(() => old.stop())
    old.cluster.faults.add({ verb: 'create', resource: 'jobs', fault: { type: 'status', code: 503 } })
    const { result } = await old.run(firing('Waits'))
    expect(result).toMatchObject({
      outcome: 'expired',
      reason: expect.stringMatching(/more than --maxAge=1 s; .* 503 /),
    })
    expect(await old.jobs('Waits')).toEqual([])
  })
})

/** For tests that inject faults into the cluster, or whose containers use files of this machine. */
function onDevCluster(context: TestContext): void {
  context.skip(system.noDevCluster !== undefined, system.noDevCluster)
}

/** The guide's own command, with another host; without curl, the same request by fetch. */
async function guideCurl(cwd: string): Promise<Receipt[]> {
  const command = findExecutable('curl')
  if (command === undefined) return system.post(loadFixture('operarios-guide/test-alert.json'))
  const args = [
    '-X',
    'POST',
    `${system.ingest.url}/alerts`,
    '-H',
    'Content-Type: application/json',
    '-d',
    '@test-alert.json',
  ]
  const curl = await startProcess({ command, args: ['--silent', ...args], cwd })
  expect(await curl.exited).toBe(0)
  return (JSON.parse(curl.lines.join('')) as { alerts: Receipt[] }).alerts
}
