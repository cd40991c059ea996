import { setTimeout as delay } from 'node:timers/promises'
import { SAMPLE_MS } from '@opifer/history'
import { readOldestWaiting } from '../data/find-run.ts'
import type { DashboardDeps } from '../deps.ts'

type Deps = Pick<DashboardDeps, 'queue' | 'depth' | 'now'>

/** Writes down how deep the queue is, every few seconds. Of several dashboards one does at a time. */
export function sampleDepth(deps: Deps, onError: (err: unknown) => void): { stop: () => Promise<void> } {
  const ending = new AbortController()
  const { signal } = ending
  const running = (async () => {
    while (!signal.aborted) {
      await sample(deps).catch(onError)
      await delay(SAMPLE_MS - (deps.now() % SAMPLE_MS), undefined, { signal }).catch(() => {})
    }
  })()
  return {
    stop() {
      ending.abort()
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
