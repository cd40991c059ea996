import { setTimeout as sleep } from 'node:timers/promises'
import type { Stack } from './stack.ts'

/** A realistic mix: most alerts have an Operario, some fail, some have none, some resolve on their own. */
const ALERTS = [
  { alertname: 'DiskSpaceLow', severity: 'warning', mountpoint: '/var/log', team: 'storage' },
  { alertname: 'DiskSpaceLow', severity: 'critical', mountpoint: '/var/lib/docker', team: 'storage' },
  { alertname: 'DiskSpaceLow', severity: 'warning', mountpoint: '/var/log', team: 'web' },
  { alertname: 'BackupOverdue', severity: 'critical', job: 'postgres', team: 'databases' },
  { alertname: 'NodeClockSkew', severity: 'warning', team: 'platform' },
  { alertname: 'CertificateExpiresSoon', severity: 'warning', host: 'api.example.com', team: 'web' },
] as const

const PAUSE_MS = 2_500

/** Posts alerts for some minutes. Returns the id of a failed run. */
export async function generateLoad(stack: Stack, minutes: number, print: (line: string) => void): Promise<string> {
  const end = Date.now() + minutes * 60_000
  let failed = ''
  for (let round = 0; round < 12 || Date.now() < end; round++) {
    const alert = ALERTS[round % ALERTS.length] ?? ALERTS[0]
    const labels = { ...alert, instance: `node-${(round % 7) + 1}`, cluster: 'eu-west-1' }
    const [run] = await post(stack, 'firing', labels)
    if (labels.alertname === 'BackupOverdue') failed = run?.runId ?? failed
    // Repeats and resolves, as Alertmanager sends them.
    if (round % 5 === 0) await post(stack, 'firing', labels)
    if (labels.alertname === 'DiskSpaceLow' && round % 2 === 0) {
      await sleep(1_000)
      await post(stack, 'resolved', labels)
    }
    if (round % 20 === 0) print(`${round + 1} alerts so far`)
    await sleep(minutes === 0 ? 100 : PAUSE_MS)
  }
  await sleep(2_000)
  return failed
}

async function post({ alertsUrl }: Stack, status: string, labels: Record<string, string>) {
  const annotations = {
    summary: `${labels['alertname']} on ${labels['instance']}`,
    runbook_url: `https://runbooks.example.com/${labels['alertname']}`,
  }
  const startsAt = new Date(Date.now() - 45_000).toISOString()
  const ends = status === 'resolved' ? { endsAt: new Date().toISOString() } : {}
  const alert = {
    status,
    labels,
    annotations,
    startsAt,
    generatorURL: 'http://prometheus.example.com/graph?g0.expr=up',
    ...ends,
  }
  const groupKey = `{}:{alertname="${labels['alertname']}"}`
  const webhook = { version: '4', groupKey, status, receiver: 'openfero', alerts: [alert] }
  const response = await fetch(alertsUrl, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(webhook),
  })
  return ((await response.json()) as { alerts: { runId: string }[] }).alerts
}
