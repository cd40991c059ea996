import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@opifer/platform/telemetry'
import type { EventResult } from '../metrics.ts'
import { monotonic } from '../monotonic.ts'
import type { KubeApi, KubeEvent, ObjectReference } from '../kubernetes/client/api.ts'

/** What is told about an object, as `kubectl describe` shows it. */
export interface Warning {
  about: ObjectReference
  /** One word in CamelCase. */
  reason: string
  message: string
}

export interface EventRecorder {
  /** Notes a warning, to be written soon. */
  warn: (warning: Warning) => void
  /** Stops at once: what is not written yet is left out. */
  stop: () => Promise<void>
}

export interface EventRecorderDeps {
  api: Pick<KubeApi, 'createEvent' | 'patchEvent'>
  log: Logger
  onResult: (result: EventResult) => void
  now: () => number
}

/** Times in milliseconds. */
export interface EventRecorderLimits {
  /** Between any two writes. */
  gap: number
  /** Between two writes about the same object for the same reason. */
  repeat: number
  /** Objects and reasons that are kept in mind. */
  most: number
}

const LIMITS: EventRecorderLimits = { gap: 200, repeat: 10_000, most: 1_000 }

/**
 * Writes Events, few of them however many warnings come: all about one object for one reason are one Event that counts
 * them. They are a help and not the record: what can't be written is counted and not tried again.
 */
export function createEventRecorder(deps: EventRecorderDeps, limits = LIMITS): EventRecorder {
  const stopping = new AbortController()
  const notes = new Map<string, Note>()
  let writing: Promise<void> | undefined

  async function writeAll(): Promise<void> {
    for (let next = nextOf(notes); next && !stopping.signal.aborted; next = nextOf(notes)) {
      if (monotonic() - next.writtenAt >= limits.repeat) await write(next, deps, stopping.signal)
      // No longer, though it may not be time for this one: another can come that need not wait.
      await sleep(limits.gap, undefined, { signal: stopping.signal }).catch(() => {})
    }
    writing = undefined
  }

  return {
    warn(warning) {
      const key = `${warning.about.uid}/${warning.reason}`
      const note = notes.get(key) ?? makeNote(warning, deps.now())
      if (!notes.has(key) && notes.size >= limits.most && !forgetOne(notes)) return deps.onResult('dropped')
      // Put last, so that the first ones are those that have been quiet for longest.
      notes.delete(key)
      notes.set(key, Object.assign(note, warning, { count: note.count + 1, lastAt: deps.now(), isNews: true }))
      writing ??= writeAll()
    },
    async stop() {
      stopping.abort()
      await writing
    },
  }
}

/** What was warned of, about one object for one reason. */
interface Note extends Warning {
  count: number
  /** Milliseconds since the epoch. */
  firstAt: number
  lastAt: number
  /** Whether there is more than was written. */
  isNews: boolean
  /** On the monotonic clock. */
  writtenAt: number
  /** Of the Event in the cluster. */
  name: string | undefined
}

function makeNote(warning: Warning, now: number): Note {
  const never = Number.NEGATIVE_INFINITY
  return { ...warning, count: 0, firstAt: now, lastAt: now, isNews: true, writtenAt: never, name: undefined }
}

function nextOf(notes: ReadonlyMap<string, Note>): Note | undefined {
  const news = [...notes.values()].filter(({ isNews }) => isNews)
  return news.sort((a, b) => a.writtenAt - b.writtenAt)[0]
}

/** Makes room by one that has nothing new to tell, if there is one. */
function forgetOne(notes: Map<string, Note>): boolean {
  for (const [key, { isNews }] of notes) if (!isNews) return notes.delete(key)
  return false
}

async function write(note: Note, { api, log, onResult }: EventRecorderDeps, signal: AbortSignal): Promise<void> {
  note.writtenAt = monotonic()
  note.isNews = false
  const { namespace, name } = note.about
  try {
    const { metadata, ...changes } = describe(note)
    // The API server forgets an Event an hour after it was last written to.
    const isThere = note.name !== undefined && (await api.patchEvent({ namespace, name: note.name }, changes, signal))
    if (!isThere) await api.createEvent({ ...changes, metadata }, signal)
    note.name = metadata.name
    onResult('written')
  } catch (err) {
    onResult('failed')
    log.warn({ err, configMap: `${namespace}/${name}`, reason: note.reason }, 'a Kubernetes Event could not be written')
  }
}

function describe(note: Note): KubeEvent {
  const { about, reason, message, count, firstAt, lastAt } = note
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: about.namespace, name: note.name ?? eventName(about.name) },
    involvedObject: about,
    type: 'Warning',
    reason,
    message: message.slice(0, MAX_MESSAGE).toWellFormed(),
    count,
    firstTimestamp: timestamp(firstAt),
    lastTimestamp: timestamp(lastAt),
    source: { component: 'opifer-worker' },
  }
}

/** As long as Kubernetes lets the note of an Event be. */
const MAX_MESSAGE = 1_024

/** Names hold 253 characters at most. */
function eventName(about: string): string {
  return `${about.slice(0, 230)}.${randomUUID().replaceAll('-', '').slice(0, 16)}`
}

/** Events have times of whole seconds. */
function timestamp(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}
