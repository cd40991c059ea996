import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadFixture } from '@opifer/testkit'
import type { EndedRun } from './follow-run.ts'

/** One webhook of the demo and the expected result. */
export interface Scenario {
  title: string
  webhook: string
  /** Post the webhook again while its run is in flight. */
  twice?: boolean
  outcome: string
  /** Further checks of the ended run. Returns what is wrong, if anything. */
  check: (run: EndedRun, hostRoot: string) => Promise<string | undefined>
}

const OLD_LOGS = ['access-2026-10.log', 'access-2026-11.log', 'debug.log']
const FRESH_LOG = 'access.log'

export const SCENARIOS: Scenario[] = [
  {
    title: 'DiskSpaceLow fires: test-alert.json from the Operarios guide, posted twice',
    webhook: loadFixture('operarios-guide/test-alert.json'),
    twice: true,
    outcome: 'succeeded',
    check: async (_run, hostRoot) => {
      const left = await readdir(join(hostRoot, 'var/log'))
      return left.join() === FRESH_LOG ? undefined : `/var/log still contains ${left.join(', ')}`
    },
  },
  {
    title: 'BackupOverdue fires: its Operario exits with code 3',
    webhook: webhook('firing', { alertname: 'BackupOverdue', severity: 'critical', job: 'postgres' }),
    outcome: 'failed',
    check: async ({ result }) => {
      const hasCode = result.exits?.some(({ exitCode }) => exitCode === 3)
      return hasCode && result.log?.includes(BACKUP_LOG) ? undefined : 'exit code 3 and log lines are not recorded'
    },
  },
  {
    title: 'NodeClockSkew fires: no Operario handles it',
    webhook: webhook('firing', { alertname: 'NodeClockSkew', severity: 'warning', instance: 'node-1' }),
    outcome: 'unmatched',
    check: async ({ job }) => (job ? 'a Job was created' : undefined),
  },
  {
    title: 'DiskSpaceLow resolves: it has an Operario for that, too',
    webhook: loadFixture('operarios-guide/test-alert.json').replaceAll('"firing"', '"resolved"'),
    outcome: 'succeeded',
    check: async ({ operario }) =>
      operario?.configMap === 'default/openfero-diskspacelow-resolved' ? undefined : `ran ${operario?.configMap}`,
  },
]

/** Part of the log of operarios/backup-check. */
export const BACKUP_LOG = 'no backup of the last 24 hours'

/** Writes log files, old ones and a fresh one, into the node's file system. */
export async function writeLogs(hostRoot: string, now: number): Promise<void> {
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
