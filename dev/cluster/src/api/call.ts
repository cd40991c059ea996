import type { ServerResponse } from 'node:http'
import type { FaultGate } from '../faults/fault-gate.ts'
import type { KubeObject, LogStore, Store } from '../store/types.ts'
import type { RequestInfo } from './request-info.ts'
import type { Snapshots } from './snapshots.ts'
import type { Streams } from './streams.ts'

/** What all requests share. */
export interface ApiState {
  store: Store
  logs: LogStore
  snapshots: Snapshots
  streams: Streams
  faults: FaultGate
  now: () => Date
  /** Asks whoever runs pods to end one. Absent when nobody does, and then pods are deleted at once. */
  endPod?: (pod: KubeObject) => void
  random: () => number
  bookmarkInterval: number
}

/** One request to a resource, read so far that a handler need not know of HTTP. */
export interface Call {
  info: RequestInfo
  query: URLSearchParams
  /** The parsed body; undefined when there was none. */
  body: unknown
  bodySize: number
  contentType: string
  /** The client asked for a table, as `kubectl get` does. */
  wantsTable: boolean
  state: ApiState
  /** Told to the client in `Warning` headers. */
  warnings: string[]
}

export interface ObjectList {
  apiVersion: string
  kind: string
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
  items: readonly KubeObject[]
}

export type Answer =
  | { code: number; body: object }
  /** An answer without an end of its own: `open` writes to it until the client leaves or the stream is cut. */
  | { code: 200; contentType: string; open: (response: ServerResponse) => void }

export type Handler = (call: Call) => Answer
