// Brings the local stack up and holds what happens against what must happen:
//
//   node scripts/check-compose.mjs [--no-build] [--k3s] [-f <compose file>]
//
// By default with the development cluster in place of k3s. Needs Docker with Compose, and the ports of docker-compose.yml
// to be free. Exits 0 when all is as it should be, and leaves nothing behind.
import { execFile } from 'node:child_process'
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'

const DASHBOARD = 'http://127.0.0.1:8082'
const INGEST = 'http://127.0.0.1:8080'
const PROMETHEUS = 'http://127.0.0.1:9090'

/** What must become of the sample rules. */
const EXPECTED = { DiskSpaceLow: 'succeeded', BackupOverdue: 'failed', CertificateExpiresSoon: 'unmatched' }

const exec = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const began = Date.now()
const { values } = parseArgs({
  options: {
    'no-build': { type: 'boolean' },
    k3s: { type: 'boolean' },
    file: { type: 'string', short: 'f', multiple: true, default: [] },
  },
})
const files = ['docker-compose.yml', ...(values.k3s ? [] : ['docker-compose.devcluster.yml']), ...values.file]

try {
  await main()
  say('all is as it should be')
} catch (error) {
  process.exitCode = 1
  say(`FAILED: ${error.message}${error.stderr ? `\n${error.stderr}` : ''}`)
  await showLogs()
} finally {
  await compose('down', '--volumes', '--timeout', '30')
}

async function main() {
  if (!values['no-build']) await step('builds', () => compose('build'))
  await step('comes up', () => compose('up', '--detach', '--no-build'))
  const runs = await step('plays the whole loop: rule → Alertmanager → ingest → worker → Job → dashboard', checkLoop)
  await step('runs without privileges', checkContainers)
  await step('does nothing for a page of another site', checkNames)
  await step('loses nothing when it is stopped and started again', () => checkRestart(runs))
  await step('scales to four workers', checkScale)
}

async function checkLoop() {
  const runs = {}
  for (const [alertname, outcome] of Object.entries(EXPECTED)) {
    const run = await eventually(`a run of ${alertname} that ended`, () => runOf(alertname))
    must(run.outcome === outcome, `${alertname} ended ${run.outcome}, not ${outcome}`)
    runs[alertname] = run
    say(`  ${alertname}: ${run.outcome}, ${run.reason}`)
  }
  const { exits, log = '' } = runs.BackupOverdue
  must(exits?.[0]?.exitCode === 3, `BackupOverdue tells these exits: ${JSON.stringify(exits)}`)
  must(log.includes('somebody must look'), `BackupOverdue tells these log lines: ${JSON.stringify(log)}`)
  return runs
}

/** The newest run of an alert that came to its end. */
async function runOf(alertname) {
  const { runs } = await getJson(`${DASHBOARD}/api/runs?alertname=${alertname}`)
  return runs.find(({ outcome }) => outcome)
}

async function checkContainers() {
  const { stdout } = await compose('ps', '--all', '--quiet')
  const containers = JSON.parse((await docker('inspect', ...stdout.trim().split('\n'))).stdout)
  for (const container of containers) {
    checkPorts(container)
    const service = container.Config.Labels['com.docker.compose.service']
    // k3s runs containers of its own, and volumes gives a folder away; neither can do so otherwise.
    if (service !== 'volumes' && !(service === 'cluster' && values.k3s)) checkRights(container)
  }
  say(`  ${containers.length} containers`)
}

function checkPorts({ Name: name, NetworkSettings }) {
  for (const port of Object.values(NetworkSettings.Ports ?? {}).flat()) {
    must(!port || port.HostIp === '127.0.0.1', `${name} listens on ${port?.HostIp}`)
  }
}

function checkRights({ Name: name, Config: { User }, HostConfig: host }) {
  must(host.ReadonlyRootfs, `${name} can write to its root file system`)
  must(/^[1-9]/.test(User), `${name} runs as ${User || 'root'}`)
  must(!host.Privileged && host.CapDrop?.includes('ALL') && !host.CapAdd, `${name} has capabilities`)
  must(host.SecurityOpt?.includes('no-new-privileges:true'), `${name} may gain privileges`)
}

/** A name of somebody else's may lead to this machine as well; `fetch` would not send it. */
async function checkNames() {
  const status = await new Promise((resolve, reject) => {
    const headers = { Host: 'rebound.example:8082' }
    request(`${DASHBOARD}/queues/api/queues/pause`, { method: 'PUT', headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
  must(status === 403, `a request to rebound.example is answered ${status}`)
}

async function checkRestart(runs) {
  await compose('stop', 'worker')
  const runId = await post('DiskSpaceLow', 'left behind')
  await compose('stop')
  const { stdout } = await compose('ps', '--all', '--format', 'json')
  for (const { Service, ExitCode } of stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))) {
    if (['ingest', 'worker', 'dashboard'].includes(Service)) must(ExitCode === 0, `${Service} exited ${ExitCode}`)
  }
  await compose('up', '--detach', '--no-build')
  const run = await eventually(`the end of run ${runId}`, async () => {
    const found = await getJson(`${DASHBOARD}/api/runs/${runId}`)
    return found.outcome && found
  })
  must(run.outcome === 'succeeded', `the run left behind ended ${run.outcome}: ${run.reason}`)
  for (const { id } of Object.values(runs)) await getJson(`${DASHBOARD}/api/runs/${id}`)
}

async function checkScale() {
  await compose('up', '--detach', '--no-build', '--scale', 'worker=4')
  await eventually('four workers that Prometheus reads', async () => {
    const { data } = await getJson(`${PROMETHEUS}/api/v1/query?query=sum(up{job="opifer-worker"})`)
    return data.result[0]?.value[1] === '4'
  })
}

/** Posts an alert as Alertmanager would, and returns the id of its run. */
async function post(alertname, instance) {
  const labels = { alertname, instance, mountpoint: '/var/log' }
  const alert = { status: 'firing', labels, annotations: {}, startsAt: new Date().toISOString() }
  const webhook = { version: '4', groupKey: instance, status: 'firing', receiver: 'check', alerts: [alert] }
  const response = await fetch(`${INGEST}/alerts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(webhook),
  })
  must(response.status === 202, `POST /alerts is answered ${response.status}`)
  return (await response.json()).alerts[0].runId
}

async function getJson(url) {
  const response = await fetch(url)
  must(response.ok, `${url} answers ${response.status}`)
  return response.json()
}

async function eventually(what, attempt, patienceMs = 180_000) {
  const deadline = Date.now() + patienceMs
  for (let last = 'not yet'; Date.now() < deadline; await delay(500)) {
    try {
      const value = await attempt()
      if (value) return value
    } catch (error) {
      last = error.message
    }
    if (Date.now() + 500 >= deadline) throw new Error(`${what}: ${last}, in ${patienceMs / 1_000} s`)
  }
}

async function step(what, check) {
  say(`it ${what}`)
  return check()
}

function must(holds, otherwise) {
  if (!holds) throw new Error(otherwise)
}

function compose(...args) {
  return docker('compose', ...files.flatMap((file) => ['--file', file]), ...args)
}

function docker(...args) {
  return exec('docker', args, { cwd: root, maxBuffer: 64 * 1_024 * 1_024 })
}

async function showLogs() {
  const { stdout } = await compose('logs', '--no-color', '--tail', '30')
  console.error(stdout)
}

function say(text) {
  console.log(`${((Date.now() - began) / 1_000).toFixed(1).padStart(7)}s  ${text}`)
}
