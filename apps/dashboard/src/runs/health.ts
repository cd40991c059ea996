import type { Member } from '@opifer/history'
import type { DashboardDeps } from './deps.ts'
import { readWaiting, type Waiting } from './find.ts'
import { duration } from './format.ts'

/** Healthy if there are neither critical messages nor notes. */
export interface Health {
  /** Why alerts are not being handled. */
  critical: string[]
  /** What needs attention while the rest works. */
  notes: string[]
  members: Member[]
  waiting: Waiting
}

/** A run that waits longer than this for its first attempt is a symptom. */
const LONG_WAIT_MS = 60_000

type Deps = Pick<DashboardDeps, 'queue' | 'presence' | 'catalogue' | 'now'>

export async function readHealth({ queue, presence, catalogue, now }: Deps): Promise<Health> {
  const [members, waiting, isPaused, entries] = await Promise.all([
    presence.list(),
    readWaiting(queue),
    queue.isPaused(),
    catalogue.list(),
  ])
  const isUp = (app: Member['app']) => members.some((member) => member.app === app)
  const critical: string[] = []
  if (!isUp('worker')) critical.push('No worker is running: alerts wait in the queue and nothing acts on them.')
  if (!isUp('ingest')) critical.push('No ingest is running: Alertmanager has nowhere to send alerts.')
  if (isPaused) critical.push('The queue is paused: no run starts until it is resumed under Queue.')
  const waited = waiting.oldest === undefined ? 0 : now() - waiting.oldest.receivedAt
  if (waited > LONG_WAIT_MS) critical.push(`The oldest run has waited ${duration(waited)} for a worker.`)
  const invalid = entries.flatMap(({ operarios }) => operarios.filter(({ problem }) => problem !== undefined)).length
  const notes =
    invalid === 0
      ? []
      : [`${invalid === 1 ? '1 Operario is' : `${invalid} Operarios are`} invalid and can’t run: see Operarios.`]
  return { critical, notes, members, waiting }
}
