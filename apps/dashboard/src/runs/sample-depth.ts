import { setTimeout as delay } from 'node:timers/promises'
import { SAMPLE_MS } from '@opifer/history'
import type { DashboardDeps } from './deps.ts'
import { readOldestWaiting } from './find.ts'

type Deps = Pick<DashboardDeps, 'queue' | 'depth' | 'now'>

/** Records the depth of the queue every `SAMPLE_MS`. With several dashboards, one of them takes each sample. */
export function sampleDepth(deps: Deps, onError: (err: unknown) => void): { stop: () => Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = (async () => {
    while (!signal.aborted) {
      await sample(deps).catch(onError)
      await delay(SAMPLE_MS - (deps.now() % SAMPLE_MS), undefined, { signal }).catch(() => {})
    }
  })()
  return {
    stop() {
      stopping.abort()
      return running
    },
  }
}

async function sample({ queue, depth, now }: Deps): Promise<void> {
  const at = now()
  if (!(await depth.claimSlot(at))) return
  const [counts, oldest] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed'),
    readOldestWaiting(queue),
  ])
  const { waiting = 0, prioritized = 0, active = 0, delayed = 0 } = counts
  const oldestWaiting = oldest && Math.max(0, at - oldest.receivedAt)
  await depth.write({ at, waiting: waiting + prioritized, active, delayed, oldestWaiting })
}
