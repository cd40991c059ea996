import type { KubeObject } from '../../store/types.ts'
import { type Fields, fieldsOf, itemsOf, textOf } from '../../validation/value.ts'
import { ageColumn, type Column, column, nameColumn } from './column.ts'

/** As printPod in kubernetes/pkg/printers/internalversion/printers.go. */
export const podColumns: readonly Column[] = [
  nameColumn,
  column('Ready', readyOf),
  column('Status', statusOf),
  column('Restarts', (pod) => String(restartsOf(pod))),
  ageColumn,
  column('IP', (pod) => textOf(fieldsOf(pod.status).podIP) || '<none>', { priority: 1 }),
  column('Node', (pod) => textOf(fieldsOf(pod.spec).nodeName) || '<none>', { priority: 1 }),
]

function readyOf(pod: KubeObject): string {
  const ready = statuses(pod, 'containerStatuses').filter((status) => status.ready === true)
  return `${ready.length}/${itemsOf(fieldsOf(pod.spec).containers).length}`
}

function restartsOf(pod: KubeObject): number {
  return statuses(pod, 'containerStatuses').reduce((sum, status) => sum + Number(status.restartCount ?? 0), 0)
}

/** The phase, or what says more: why a container waits, or how it ended. */
function statusOf(pod: KubeObject): string {
  const { phase, reason } = fieldsOf(pod.status)
  const finished = phase === 'Succeeded' || phase === 'Failed'
  if (pod.metadata.deletionTimestamp && !finished) return 'Terminating'
  const initReason = initStatusOf(pod)
  if (initReason) return initReason
  const told = statuses(pod, 'containerStatuses').map(stateOf).find(Boolean)
  return told || textOf(reason) || textOf(phase) || 'Unknown'
}

function initStatusOf(pod: KubeObject): string | undefined {
  const inits = statuses(pod, 'initContainerStatuses')
  const index = inits.findIndex((status) => fieldsOf(fieldsOf(status.state).terminated).exitCode !== 0)
  if (index < 0) return undefined
  const state = stateOf(inits[index] ?? {})
  return state && state !== 'PodInitializing' ? `Init:${state}` : `Init:${index}/${inits.length}`
}

function stateOf(status: Fields): string {
  const { waiting, terminated } = fieldsOf(status.state)
  if (waiting) return textOf(fieldsOf(waiting).reason)
  if (!terminated) return ''
  const { reason, signal, exitCode } = fieldsOf(terminated)
  return textOf(reason) || (signal ? `Signal:${Number(signal)}` : `ExitCode:${Number(exitCode)}`)
}

function statuses(pod: KubeObject, list: 'containerStatuses' | 'initContainerStatuses'): Fields[] {
  return itemsOf(fieldsOf(pod.status)[list]).map(fieldsOf)
}
