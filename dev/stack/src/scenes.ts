import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadFixture } from '@opifer/testkit'
import type { EndedRun } from './follow-run.ts'

/** One thing that the demo shows: what is posted, and what must come of it. */
export interface Scene {
  title: string
  webhook: string
  /** Posts the webhook once more while its run is in flight. */
  twice?: boolean
  expected: string
  /** What else must hold afterwards; a fault says what doesn't. */
  check: (run: EndedRun, hostRoot: string) => Promise<string | undefined>
}

const OLD_LOGS = ['access-2026-10.log', 'access-2026-11.log', 'debug.log']
const FRESH_LOG = 'access.log'

export const SCENES: Scene[] = [
  {
    title: "DiskSpaceLow fires: the Operarios guide's own test-alert.json, posted twice",
    webhook: loadFixture('operarios-guide/test-alert.json'),
    twice: true,
    expected: 'succeeded',
    check: async (_run, hostRoot) => {
      const left = await readdir(join(hostRoot, 'var/log'))
      return left.join() === FRESH_LOG ? undefined : `left in /var/log: ${left.join(', ')}`
    },
  },
  {
    title: 'BackupOverdue fires: its Operario exits with 3',
    webhook: webhook('firing', { alertname: 'BackupOverdue', severity: 'critical', job: 'postgres' }),
    expected: 'failed',
    check: async ({ result }) => {
      const hasCode = result.exits?.some(({ exitCode }) => exitCode === 3)
      return hasCode && result.log?.includes('somebody must look')
        ? undefined
        : 'exit code 3 and log lines are not recorded'
    },
  },
  {
    title: 'NodeClockSkew fires: there is no Operario for it',
    webhook: webhook('firing', { alertname: 'NodeClockSkew', severity: 'warning', instance: 'node-1' }),
    expected: 'unmatched',
    check: async ({ job }) => (job ? 'a Job was created' : undefined),
  },
  {
    title: 'DiskSpaceLow is resolved: it has an Operario of its own',
    webhook: loadFixture('operarios-guide/test-alert.json').replaceAll('"firing"', '"resolved"'),
    expected: 'succeeded',
    check: async ({ operario }) =>
      operario?.configMap === 'default/openfero-diskspacelow-resolved' ? undefined : `it ran ${operario?.configMap}`,
  },
]

/** Lays out log files, old ones and a fresh one, where the development cluster's node would have them. */
export async function layOutLogs(hostRoot: string, now: number): Promise<void> {
  const directory = join(hostRoot, 'var/log')
  await mkdir(directory, { recursive: true })
  const longAgo = new Date(now - 30 * 24 * 3_600_000)
  for (const name of [...OLD_LOGS, FRESH_LOG]) await writeFile(join(directory, name), 'GET / 200\n'.repeat(1_000))
  for (const name of OLD_LOGS) await utimes(join(directory, name), longAgo, longAgo)
}

function webhook(status: string, labels: Record<string, string>): string {
  const alerts = [{ status, labels, annotations: { description: 'from the demo' } }]
  return JSON.stringify({ version: '4', groupKey: `demo-${labels['alertname']}`, status, receiver: 'openfero', alerts })
}
