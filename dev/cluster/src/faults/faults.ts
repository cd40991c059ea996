import type { RequestInfo } from '../api/request-info.ts'
import type { FaultGate } from './fault-gate.ts'
import { type Fault, type FaultRule, type FaultType, faultRule } from './fault-rule.ts'

export interface FaultRules {
  /** Puts a rule in force, behind those that are; returns what takes it away again. */
  add(rule: FaultRule): () => void
  list(): readonly ActiveRule[]
  remove(id: string): boolean
  clear(): void
}

export interface ActiveRule {
  id: string
  rule: FaultRule
  /** How many times it has befallen something. */
  hits: number
}

/** Of several rules that match, the first one wins; a latency leaves room for another fault. */
export function createFaultRules(random: () => number): FaultRules & FaultGate {
  const rules = new Map<string, ActiveRule>()
  let count = 0

  function strike(info: RequestInfo, types: readonly FaultType[]): Fault | undefined {
    for (const active of rules.values()) {
      const { rule } = active
      const chosen = types.includes(rule.fault.type) && matches(rule, info)
      if (!chosen || (rule.probability !== undefined && random() >= rule.probability)) continue
      active.hits += 1
      if (active.hits === rule.times) rules.delete(active.id)
      return rule.fault
    }
    return undefined
  }

  function delayBy(info: RequestInfo, type: 'latency' | 'late-events'): number {
    const fault = strike(info, [type])
    return fault && 'milliseconds' in fault ? fault.milliseconds : 0
  }

  return {
    add(rule) {
      const id = String(++count)
      rules.set(id, { id, rule: faultRule.parse(rule), hits: 0 })
      return () => rules.delete(id)
    },
    list: () => [...rules.values()],
    remove: (id) => rules.delete(id),
    clear: () => rules.clear(),
    onRequest(info) {
      const delay = delayBy(info, 'latency')
      const fault = strike(info, ['status', 'cut', 'commit-then-cut', 'commit-then-hang'])
      return fault ? { delay, fault } : { delay }
    },
    silences: (info) => strike(info, ['silent-watch']) !== undefined,
    onEvent(watch, name) {
      const info = { ...watch, name }
      return {
        delay: delayBy(info, 'late-events'),
        duplicate: strike(info, ['duplicate-events']) !== undefined,
        stale: strike(info, ['stale-events']) !== undefined,
      }
    },
  }
}

function matches({ resource, subresource, ...rule }: FaultRule, info: RequestInfo): boolean {
  const anySubresource = resource === undefined && subresource === undefined
  return (
    (resource === undefined || resource === info.resource.name) &&
    (anySubresource || subresource === info.subresource) &&
    (rule.verb === undefined || rule.verb === info.verb) &&
    (rule.namespace === undefined || rule.namespace === info.namespace) &&
    (rule.name === undefined || rule.name === info.name)
  )
}
