import { type JobRef, type JobState, jobState, LABEL } from '@opifer/core'
import { type Job, jobsPath, type KubeApi } from '../client/api.ts'
import { Mirror, type MirrorListener, type MirrorOptions } from './informer.ts'

/** What the watch showed last of a Job; `gone` when it went away before its end was seen. */
export type Sighting = JobState | { state: 'gone' }

/** Which Job it is; when it was created only its creator knows. */
export type JobIdentity = Omit<JobRef, 'createdAt'>

/** The Jobs that Opifer made, seen through one watch for all runs. */
export interface Jobs {
  seen: (job: JobRef) => Sighting | undefined
  /** The Job that was made for this run, also when it is gone. */
  of: (runId: string) => JobIdentity | undefined
  /**
   * Lets the end of a Job wake this run, though the Job was made for another run of the same episode. One that has ended
   * before is `seen` to have, and wakes nobody.
   */
  adopt: (job: JobRef, runId: string) => void
  mirror: Mirror<Job>
}

/** @param onEnd called with the run of every Job that has ended or is gone: maybe more than once, maybe long recorded */
export function watchJobs(
  api: Pick<KubeApi, 'list' | 'watch'>,
  namespace: string,
  onEnd: (runId: string) => void,
  options: MirrorOptions,
): Jobs {
  const board = createBoard(onEnd)
  const collection = { path: jobsPath(namespace), labelSelector: LABEL.runId }
  return {
    seen: board.seen,
    of: board.of,
    adopt: board.adopt,
    mirror: new Mirror<Job>(api, collection, board, options),
  }
}

/** No more of each Job than must be known, since there may be many thousands. */
interface Entry {
  runId: string | undefined
  job: JobIdentity
  sighting: Sighting
}

/** Jobs that have gone are remembered for the runs that still have to be told, these many at most. */
const MAX_DEPARTED = 10_000

function createBoard(onEnd: (runId: string) => void): Omit<Jobs, 'mirror'> & MirrorListener<Job> {
  let present = new Map<string, Entry>()
  const departed = new Map<string, Entry>()
  const ofRuns = new Map<string, Entry>()
  const adopters = new Map<string, string[]>()

  function read(job: Job): Entry {
    const entry = entryOf(job)
    if (entry.runId) ofRuns.set(entry.runId, entry)
    return entry
  }

  function show(uid: string, entry: Entry, before: Entry | undefined): void {
    const { state } = entry.sighting
    if (state === 'running' || state === before?.sighting.state) return
    for (const runId of [entry.runId, ...(adopters.get(uid) ?? [])]) if (runId) onEnd(runId)
  }

  function depart(uid: string, last: Entry, before: Entry | undefined): void {
    const entry: Entry = last.sighting.state === 'running' ? { ...last, sighting: { state: 'gone' } } : last
    departed.set(uid, entry)
    for (const [oldest, { runId }] of departed) {
      if (departed.size <= MAX_DEPARTED) break
      departed.delete(oldest)
      if (runId && ofRuns.get(runId)?.job.uid === oldest) ofRuns.delete(runId)
    }
    show(uid, entry, before)
    adopters.delete(uid)
  }

  return {
    seen: ({ uid }) => (present.get(uid) ?? departed.get(uid))?.sighting,
    of: (runId) => ofRuns.get(runId)?.job,
    adopt({ uid }, runId) {
      // Nothing more will be told of one that has gone. One that is not present may be about to be shown.
      if (departed.has(uid)) return
      adopters.set(uid, [...(adopters.get(uid) ?? []), runId])
    },
    onList(items) {
      const before = present
      present = new Map(items.map((item) => [item.metadata.uid, read(item)]))
      for (const [uid, entry] of present) show(uid, entry, before.get(uid))
      for (const [uid, entry] of before) if (!present.has(uid)) depart(uid, entry, entry)
    },
    onChange(type, item) {
      const { uid } = item.metadata
      const before = present.get(uid)
      const entry = read(item)
      if (type === 'DELETED') {
        present.delete(uid)
        depart(uid, entry, before)
      } else {
        present.set(uid, entry)
        show(uid, entry, before)
      }
    },
  }
}

function entryOf(job: Job): Entry {
  const { namespace, name, uid, labels } = job.metadata
  return { runId: labels?.[LABEL.runId], job: { namespace, name, uid }, sighting: jobState(job) }
}
