import type { Member } from '@opifer/history'
import { lasting } from './format.ts'
import type { DashboardDeps } from './deps.ts'
import { readWaiting, type Waiting } from './find.ts'

/** How things stand, in words. Without any, everything is well. */
export interface Health {
  /** What keeps alerts from being dealt with. */
  wrong: string[]
  /** What somebody should see to, while the rest goes on. */
  notes: string[]
  members: Member[]
  waiting: Waiting
}

/** Longer than this no run waits for a worker to take it up while all is well. */
const LONG_WAIT_MS = 60_000

type Deps = Pick<DashboardDeps, 'queue' | 'presence' | 'catalogue' | 'now'>

export async function readHealth({ queue, presence, catalogue, now }: Deps): Promise<Health> {
  const [members, waiting, isPaused, entries] = await Promise.all([
    presence.list(),
    readWaiting(queue),
    queue.isPaused(),
    catalogue.list(),
  ])
  const count = (app: Member['app']) => members.filter((member) => member.app === app).length
  const wrong: string[] = []
  if (count('worker') === 0)
    wrong.push('No worker is there: alerts are kept in the queue, and nothing is done about them.')
  if (count('ingest') === 0) wrong.push('No ingest is there: Alertmanager has nobody to post to.')
  if (isPaused) wrong.push('The queue is paused: no run is taken up until it is resumed under Queue.')
  const waited = waiting.oldest === undefined ? 0 : now() - waiting.oldest.receivedAt
  if (waited > LONG_WAIT_MS) wrong.push(`The oldest run has waited ${lasting(waited)} for a worker.`)
  const broken = entries.flatMap(({ operarios }) => operarios.filter(({ problem }) => problem !== undefined)).length
  const notes =
    broken === 0
      ? []
      : [`${broken === 1 ? 'One Operario is' : `${broken} Operarios are`} faulty and can’t run: see Operarios.`]
  return { wrong, notes, members, waiting }
}
