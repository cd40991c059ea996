import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome, Result, Run } from '@opifer/core'
import type { Logger } from '@opifer/platform/telemetry'
import type { KubeApi, KubeEvent, ObjectReference } from '../kubernetes/client/api.ts'
import type { Operarios } from '../kubernetes/informers/operarios.ts'
import type { EventResult } from '../metrics.ts'

/** A warning about an object, as `kubectl describe` shows it. */
export interface Warning {
  about: ObjectReference
  /** One word in CamelCase. */
  reason: string
  message: string
}

export interface EventRecorder {
  /** Queues a warning to be written soon. */
  warn: (warning: Warning) => void
  /** Stops at once and drops what is not written yet. */
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
  interval: number
  /** Between two writes about the same object for the same reason. */
  repeatInterval: number
  /** Objects and reasons to remember. */
  max: number
}

const LIMITS: EventRecorderLimits = { interval: 200, repeatInterval: 10_000, max: 1_000 }

const REASONS: Partial<Record<Outcome, string>> = { failed: 'RunFailed', invalid: 'OperarioInvalid' }

/** Warns about a run that failed or could not become a Job, on the ConfigMap of its Operario. */
export function warnOfRun(
  run: Run,
  result: Result,
  operarios: Pick<Operarios, 'reference'>,
  events: Pick<EventRecorder, 'warn'>,
): void {
  const reason = REASONS[result.outcome]
  const about = reason === undefined ? undefined : operarios.reference(run.alert)
  if (reason === undefined || about === undefined) return
  const { alertname, status } = run.alert
  events.warn({ about, reason, message: `run ${run.id} of ${alertname} (${status}): ${result.reason}` })
}

/**
 * Writes Kubernetes Events at a limited rate: all warnings about one object for one reason share one Event that counts
 * them. Best-effort: failed writes are counted in the metrics and not retried.
 */
export function createEventRecorder(deps: EventRecorderDeps, limits = LIMITS): EventRecorder {
  const stopping = new AbortController()
  const series = new Map<string, Series>()
  let writing: Promise<void> | undefined

  async function writeAll(): Promise<void> {
    for (let next = nextOf(series); next && !stopping.signal.aborted; next = nextOf(series)) {
      if (performance.now() - next.writtenAt >= limits.repeatInterval) await write(next, deps, stopping.signal)
      // No longer than this, even if `next` is not due yet: a series that is due may be added in between.
      await sleep(limits.interval, undefined, { signal: stopping.signal }).catch(() => {})
    }
    writing = undefined
  }

  return {
    warn(warning) {
      const key = `${warning.about.uid}/${warning.reason}`
      const one = series.get(key) ?? makeSeries(warning, deps.now())
      if (!series.has(key) && series.size >= limits.max && !evictOne(series)) return deps.onResult('dropped')
      // Reinserted at the end, so the first series are those without a warning for longest.
      series.delete(key)
      series.set(key, Object.assign(one, warning, { count: one.count + 1, lastAt: deps.now(), isDirty: true }))
      writing ??= writeAll()
    },
    async stop() {
      stopping.abort()
      await writing
    },
  }
}

/** All warnings about one object for one reason; has the latest message. */
interface Series extends Warning {
  count: number
  /** Milliseconds since the epoch. */
  firstAt: number
  lastAt: number
  /** Whether it has changed since the last write. */
  isDirty: boolean
  /** On the monotonic clock. */
  writtenAt: number
  /** Of the Event in the cluster. */
  name: string | undefined
}

function makeSeries(warning: Warning, now: number): Series {
  const never = Number.NEGATIVE_INFINITY
  return { ...warning, count: 0, firstAt: now, lastAt: now, isDirty: true, writtenAt: never, name: undefined }
}

function nextOf(series: ReadonlyMap<string, Series>): Series | undefined {
  const dirty = [...series.values()].filter(({ isDirty }) => isDirty)
  return dirty.sort((a, b) => a.writtenAt - b.writtenAt)[0]
}

/** Evicts the first series with nothing left to write, if any. */
function evictOne(series: Map<string, Series>): boolean {
  for (const [key, { isDirty }] of series) if (!isDirty) return series.delete(key)
  return false
}

async function write(one: Series, { api, log, onResult }: EventRecorderDeps, signal: AbortSignal): Promise<void> {
  one.writtenAt = performance.now()
  one.isDirty = false
  const { namespace, name } = one.about
  try {
    const { metadata, ...changes } = describe(one)
    // The API server deletes an Event one hour after its last write.
    const exists = one.name !== undefined && (await api.patchEvent({ namespace, name: one.name }, changes, signal))
    if (!exists) await api.createEvent({ ...changes, metadata }, signal)
    one.name = metadata.name
    onResult('written')
  } catch (err) {
    onResult('failed')
    log.warn({ err, configMap: `${namespace}/${name}`, reason: one.reason }, 'could not write Kubernetes Event')
  }
}

function describe(one: Series): KubeEvent {
  const { about, reason, message, count, firstAt, lastAt } = one
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: about.namespace, name: one.name ?? eventName(about.name) },
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

/** Kubernetes' limit for an Event's message. */
const MAX_MESSAGE = 1_024

/** Names have at most 253 characters. */
function eventName(about: string): string {
  return `${about.slice(0, 230)}.${randomUUID().replaceAll('-', '').slice(0, 16)}`
}

/** Event times are in whole seconds. */
function timestamp(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}
