import { compileMatchers } from '@opifer/core'
import { alertIdOf, isValid, labelsOf, operarioName } from '../indexes.ts'
import type { RunQuery } from './query.ts'
import type { RunRecord } from '../record.ts'

type Predicate = (record: RunRecord) => boolean

/** Whether a record matches every part of a query. */
export function predicateOf(query: RunQuery): Predicate {
  const predicates = Object.entries(PREDICATES).flatMap(([part, predicate]) => {
    const value = query[part as keyof RunQuery]
    return value === undefined ? [] : [(predicate as (value: unknown) => Predicate)(value)]
  })
  return (record) => predicates.every((predicate) => predicate(record))
}

const PREDICATES: { [Part in keyof RunQuery]-?: (value: NonNullable<RunQuery[Part]>) => Predicate } = {
  outcomes:
    (outcomes) =>
    ({ result }) =>
      outcomes.includes(result?.outcome ?? 'running'),
  alertname:
    (alertname) =>
    ({ run }) =>
      run.alert.alertname === alertname,
  status:
    (status) =>
    ({ run }) =>
      run.alert.status === status,
  matchers(matchers) {
    const matches = compileMatchers(matchers)
    return ({ run }) => matches(labelsOf(run.alert))
  },
  text(text) {
    const wanted = text.toLowerCase()
    return (record) => textsOf(record).some((part) => part?.toLowerCase().includes(wanted))
  },
  from:
    (from) =>
    ({ run }) =>
      run.receivedAt >= from,
  to:
    (to) =>
    ({ run }) =>
      run.receivedAt < to,
  groupKey:
    (groupKey) =>
    ({ run }) =>
      run.groupKey === groupKey,
  operario:
    (name) =>
    ({ operario }) =>
      operario !== undefined && operarioName(operario) === name,
  alertId:
    (id) =>
    ({ run }) =>
      alertIdOf(run) === id,
}

function textsOf({ id, run: { alert, groupKey }, job, result }: RunRecord): (string | undefined)[] {
  const sets = isValid(alert) ? [alert.labels, alert.annotations] : []
  return [
    alert.alertname,
    ...sets.flatMap((set) => Object.entries(set).flat()),
    groupKey,
    result?.reason,
    job?.name,
    id,
  ]
}
