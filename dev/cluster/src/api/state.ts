import type { ServerResponse } from 'node:http'
import type { FaultGate } from '../faults/rules.ts'
import type { KubeObject, LogStore, Store } from '../store/types.ts'

/** What all requests share. */
export interface ApiState {
  store: Store
  logs: LogStore
  snapshots: Snapshots
  streams: Streams
  faults: FaultGate
  now: () => Date
  /** Asks the kubelet to end a pod. Without a kubelet pods are deleted at once. */
  endPod?: (pod: KubeObject) => void
  random: () => number
  bookmarkInterval: number
}

/** The rest of a paged list. Objects are frozen, so a page of an old state needs no copies. */
export interface Snapshot {
  resourceVersion: number
  items: readonly KubeObject[]
}

export interface Snapshots {
  /** Returns the token that the client continues with. */
  keep(snapshot: Snapshot): string
  take(token: string): Snapshot | undefined
}

/** Keeps the newest snapshots; a client that is too late gets 410 Expired. */
export function createSnapshots(limit = 100): Snapshots {
  const kept = new Map<string, Snapshot>()
  let count = 0
  return {
    keep(snapshot) {
      const token = Buffer.from(`${snapshot.resourceVersion}/${++count}`).toString('base64url')
      kept.set(token, snapshot)
      const [oldest] = kept.keys()
      if (kept.size > limit && oldest !== undefined) kept.delete(oldest)
      return token
    },
    take: (token) => kept.get(token),
  }
}

/** The open responses: watches and followed logs. */
export interface Streams {
  /** Tracks the response until it is closed; then `onClose` runs once. */
  add(kind: 'watch' | 'log', response: ServerResponse, onClose: () => void): void
  /** Breaks the connections of a kind, or all of them, like a restart of the API server. */
  cut(kind?: 'watch' | 'log'): void
}

export function createStreams(): Streams {
  const open = new Map<ServerResponse, 'watch' | 'log'>()
  return {
    add(kind, response, onClose) {
      open.set(response, kind)
      response.once('close', () => {
        open.delete(response)
        onClose()
      })
    },
    cut(kind) {
      for (const [response, of] of open) if (kind === undefined || of === kind) response.destroy()
    },
  }
}
