import type { ServerResponse } from 'node:http'
import type { RequestInfo } from '../resources.ts'
import type { KubeObject } from '../store/types.ts'
import type { ApiState } from './state.ts'

/** A request to a resource, parsed so far that handlers need no HTTP. */
export interface Call {
  info: RequestInfo
  query: URLSearchParams
  /** The parsed body; undefined if there is none. */
  body: unknown
  contentType: string
  /** The client asked for a table, as `kubectl get` does. */
  wantsTable: boolean
  state: ApiState
}

export interface ObjectList {
  apiVersion: string
  kind: string
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
  items: readonly KubeObject[]
}

export type Answer =
  | { code: number; body: object }
  /** An open-ended answer: `open` writes to it until the client leaves or the stream is cut. */
  | { code: 200; contentType: string; open: (response: ServerResponse) => void }

export type Handler = (call: Call) => Answer
