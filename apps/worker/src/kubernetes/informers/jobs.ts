import { ANNOTATION, type JobRef, type JobState, jobState, LABEL } from '@opifer/core'
import { type Job, jobRef, jobsPath, type KubeApi } from '../client/api.ts'
import { type EventHandler, Informer, type InformerOptions } from './informer.ts'

/** Last observed state of a Job; `gone` if it was deleted before its end was seen. */
export type ObservedJob = JobState | { state: 'gone' }

/** The Jobs that Opifer created, from one watch for all runs. */
export interface Jobs {
  seen: (job: JobRef) => ObservedJob | undefined
  /** The Job created for this run, even if it was deleted since. */
  of: (runId: string) => JobRef | undefined
  /** A Job created for this alert that is still running. */
  unfinished: (alertKey: string) => JobRef | undefined
  /**
   * Also reports the end of the Job to this run, which did not create it. Has no effect if the Job was deleted before;
   * `seen` returns its end.
   */
  adopt: (job: JobRef, runId: string) => void
  informer: Informer<Job>
}

/**
 * @param onEnd called with the run of every Job that has finished or was deleted, possibly more than once and long after the
 *   run ended
 */
export function watchJobs(
  api: Pick<KubeApi, 'list' | 'watch'>,
  namespace: string,
  onEnd: (runId: string) => void,
  options: InformerOptions,
): Jobs {
  const store = createStore(onEnd)
  const collection = { path: jobsPath(namespace), labelSelector: LABEL.runId }
  const { seen, of, unfinished, adopt } = store
  return { seen, of, unfinished, adopt, informer: new Informer<Job>(api, collection, store, options) }
}

/** As little as possible of each Job: there may be many thousands. */
interface Entry {
  runId: string | undefined
  job: JobRef
  observed: ObservedJob
  /** Undefined once the Job has ended. */
  alertKey: string | undefined
}

/** Deleted Jobs to remember until their runs are notified. */
const MAX_DELETED = 10_000

function createStore(onEnd: (runId: string) => void): Omit<Jobs, 'informer'> & EventHandler<Job> {
  let present = new Map<string, Entry>()
  const deleted = new Map<string, Entry>()
  const byRun = new Map<string, Entry>()
  const running = createRunningIndex()
  const adopters = new Map<string, Set<string>>()

  function read(job: Job): Entry {
    const entry = entryOf(job)
    if (entry.runId) byRun.set(entry.runId, entry)
    return entry
  }

  function notify(entry: Entry, before: Entry | undefined): void {
    const { state } = entry.observed
    if (state === 'running' || state === before?.observed.state) return
    for (const runId of [entry.runId, ...(adopters.get(entry.job.uid) ?? [])]) if (runId) onEnd(runId)
  }

  function remove(last: Entry, before: Entry | undefined): void {
    const { uid } = last.job
    const entry: Entry =
      last.observed.state === 'running' ? { ...last, observed: { state: 'gone' }, alertKey: undefined } : last
    deleted.set(uid, entry)
    for (const [oldest, { runId }] of deleted) {
      if (deleted.size <= MAX_DELETED) break
      deleted.delete(oldest)
      if (runId && byRun.get(runId)?.job.uid === oldest) byRun.delete(runId)
    }
    notify(entry, before)
    adopters.delete(uid)
  }

  return {
    seen: ({ uid }) => (present.get(uid) ?? deleted.get(uid))?.observed,
    of: (runId) => byRun.get(runId)?.job,
    unfinished: (alertKey) => present.get(running.first(alertKey) ?? '')?.job,
    adopt({ uid }, runId) {
      // A deleted Job gets no more events. One that is absent may be about to appear.
      if (deleted.has(uid)) return
      adopters.set(uid, (adopters.get(uid) ?? new Set()).add(runId))
    },
    onList(items) {
      const before = present
      present = new Map(items.map((item) => [item.metadata.uid, read(item)]))
      running.reset(present.values())
      for (const [uid, entry] of present) notify(entry, before.get(uid))
      for (const [uid, entry] of before) if (!present.has(uid)) remove(entry, entry)
    },
    onEvent(type, item) {
      const { uid } = item.metadata
      const before = present.get(uid)
      const entry = read(item)
      if (before) running.remove(before)
      if (type === 'DELETED') {
        present.delete(uid)
        remove(entry, before)
      } else {
        present.set(uid, entry)
        running.add(entry)
        notify(entry, before)
      }
    },
  }
}

/** Uids of running Jobs by alert key. Nearly always one per key, so a short array costs less memory than a Set. */
function createRunningIndex() {
  const uids = new Map<string, string[]>()
  function add({ alertKey, job: { uid } }: Entry): void {
    if (alertKey) uids.set(alertKey, [...(uids.get(alertKey) ?? []), uid])
  }
  return {
    first: (alertKey: string): string | undefined => uids.get(alertKey)?.[0],
    add,
    reset(entries: Iterable<Entry>): void {
      uids.clear()
      for (const entry of entries) add(entry)
    },
    remove({ alertKey, job: { uid } }: Entry): void {
      if (!alertKey) return
      const others = (uids.get(alertKey) ?? []).filter((other) => other !== uid)
      if (others.length > 0) uids.set(alertKey, others)
      else uids.delete(alertKey)
    },
  }
}

function entryOf(job: Job): Entry {
  const { labels, annotations } = job.metadata
  const observed = jobState(job)
  const alertKey = observed.state === 'running' ? annotations?.[ANNOTATION.alertKey] : undefined
  return { runId: labels?.[LABEL.runId], job: jobRef(job), observed, alertKey }
}
