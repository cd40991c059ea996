import type { RequestInfo, Verb } from '../resources.ts'
import type { ResourceName } from '../store/types.ts'

export type Fault =
  /** Answers an error before any work is done. */
  | { type: 'status'; code: number; retryAfterSeconds?: number }
  /** Delays the request before any work is done. A second fault may apply as well. */
  | { type: 'latency'; milliseconds: number }
  /** Breaks the connection before any work is done. */
  | { type: 'cut' }
  /** Does the work, then breaks the connection. */
  | { type: 'commit-then-cut' }
  /** Does the work, then never answers: the client must time out. */
  | { type: 'commit-then-hang' }
  /** Opens a watch that sends nothing, not even bookmarks. */
  | { type: 'silent-watch' }
  /** Sends each event of a watch twice. */
  | { type: 'duplicate-events' }
  /** Sends, after each event of a watch, the previous state of the object. */
  | { type: 'stale-events' }
  /** Delays each event of a watch. */
  | { type: 'late-events'; milliseconds: number }

/** Which requests a fault applies to, in RBAC's terms: a rule for `pods` does not apply to `pods/log`. */
export interface FaultRule {
  verb?: Verb
  resource?: ResourceName
  subresource?: 'log'
  namespace?: string
  name?: string
  /** How many requests (or events) it applies to; unlimited if absent. */
  times?: number
  /** From 0 to 1; always if absent. */
  probability?: number
  fault: Fault
}

export interface FaultRules {
  /** Adds a rule after the existing ones; returns a function that removes it. */
  add(rule: FaultRule): () => void
  list(): readonly ActiveRule[]
  clear(): void
}

export interface ActiveRule {
  rule: FaultRule
  /** How many times it has applied. */
  hits: number
}

/** Where the server asks for faults. */
export interface FaultGate {
  /** Once for each request. */
  onRequest(info: RequestInfo): { delay: number; fault?: Fault }
  /** Once for each watch. */
  silences(info: RequestInfo): boolean
  /** Once for each event of a watch. */
  onEvent(info: RequestInfo, name: string): { delay: number; duplicate: boolean; stale: boolean }
}

/** Faults of the whole API, which last until they are reverted. */
export interface Switches {
  /** Breaks every open watch. */
  cutWatches(): void
  /** Breaks every open response: watches and followed logs. */
  cutStreams(): void
  /** Expires the history: a list or watch that continues from an older version gets 410. */
  expireHistory(): void
  /** Stops reading and answering, with all connections open. */
  pause(): void
  resume(): void
  /** Breaks all connections and refuses new ones. */
  refuse(): Promise<void>
  accept(): Promise<void>
}

/** The first matching rule applies; a latency and another fault apply together. */
export function createFaultRules(random: () => number): FaultRules & FaultGate {
  const rules = new Set<ActiveRule>()

  function strike(info: RequestInfo, ...types: Fault['type'][]): Fault | undefined {
    for (const active of rules) {
      const { rule } = active
      if (!types.includes(rule.fault.type) || !matches(rule, info)) continue
      if (rule.probability !== undefined && random() >= rule.probability) continue
      active.hits += 1
      if (active.hits === rule.times) rules.delete(active)
      return rule.fault
    }
    return undefined
  }

  function delayBy(info: RequestInfo, type: 'latency' | 'late-events'): number {
    const fault = strike(info, type)
    return fault && 'milliseconds' in fault ? fault.milliseconds : 0
  }

  return {
    add(rule) {
      const active = { rule, hits: 0 }
      rules.add(active)
      return () => rules.delete(active)
    },
    list: () => [...rules],
    clear: () => rules.clear(),
    onRequest(info) {
      const delay = delayBy(info, 'latency')
      const fault = strike(info, 'status', 'cut', 'commit-then-cut', 'commit-then-hang')
      return fault ? { delay, fault } : { delay }
    },
    silences: (info) => strike(info, 'silent-watch') !== undefined,
    onEvent(watch, name) {
      const info = { ...watch, name }
      return {
        delay: delayBy(info, 'late-events'),
        duplicate: strike(info, 'duplicate-events') !== undefined,
        stale: strike(info, 'stale-events') !== undefined,
      }
    },
  }
}

function matches({ verb, resource, subresource, namespace, name }: FaultRule, info: RequestInfo): boolean {
  const anySubresource = resource === undefined && subresource === undefined
  return (
    (resource === undefined || resource === info.resource.name) &&
    (anySubresource || subresource === info.subresource) &&
    (verb === undefined || verb === info.verb) &&
    (namespace === undefined || namespace === info.namespace) &&
    (name === undefined || name === info.name)
  )
}
