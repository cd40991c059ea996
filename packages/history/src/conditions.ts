import { alertId, compileMatchers, isInvalid, type Matcher } from '@opifer/core'
import { INDEX, labelsOf } from './indexes.ts'
import type { RunQuery } from './query.ts'
import type { RunRecord } from './record.ts'

/** Indexes that hold, together, every run that meets a condition. */
export type Cover = readonly string[]

/** What one part of a query asks of a record. The test alone decides: a cover only tells which records to look at. */
export interface Condition {
  test: (record: RunRecord) => boolean
  /** Undefined where no index can tell. */
  cover?: Cover | undefined
}

export function conditionsOf(query: RunQuery): Condition[] {
  return Object.entries(CONDITIONS).flatMap(([part, conditions]) => {
    const value = query[part as keyof RunQuery]
    return value === undefined ? [] : (conditions as (value: unknown) => Condition[])(value)
  })
}

/** How a run's Operario is called where it is looked for: `namespace/configmap/key`. */
export function operarioName({ configMap, key }: { configMap: string; key: string }): string {
  return `${configMap}/${key}`
}

const CONDITIONS: { [Part in keyof RunQuery]-?: (value: NonNullable<RunQuery[Part]>) => Condition[] } = {
  outcomes: (outcomes) => [
    {
      test: ({ result }) => outcomes.includes(result?.outcome ?? 'running'),
      cover: [...new Set(outcomes)].map((one) => (one === 'running' ? INDEX.open : INDEX.outcome(one))),
    },
  ],
  alertname: (alertname) => [
    { test: ({ run }) => run.alert.alertname === alertname, cover: [INDEX.alertname(alertname)] },
  ],
  status: (status) => [{ test: ({ run }) => run.alert.status === status, cover: [INDEX.status(status)] }],
  matchers: (matchers) => matchers.map(matcherCondition),
  text: (text) => (text ? [{ test: textTest(text) }] : []),
  from: (from) => [{ test: ({ run }) => run.receivedAt >= from }],
  to: (to) => [{ test: ({ run }) => run.receivedAt < to }],
  groupKey: (groupKey) => [{ test: ({ run }) => run.groupKey === groupKey, cover: [INDEX.group(groupKey)] }],
  operario: (name) => [
    {
      test: ({ operario }) => operario !== undefined && operarioName(operario) === name,
      cover: [INDEX.operario(name)],
    },
  ],
  alertId: (id) => [
    { test: ({ run }) => !isInvalid(run.alert) && alertId(run, run.alert) === id, cover: [INDEX.alert(id)] },
  ],
}

function matcherCondition(matcher: Matcher): Condition {
  const meets = compileMatchers([matcher])
  return { test: ({ run }) => meets(labelsOf(run.alert)), cover: matcherCover(matcher) }
}

/** That a label is not there, or is anything but something, no index can tell. */
function matcherCover({ name, op, value }: Matcher): Cover | undefined {
  if (op !== '=' || value === '') return undefined
  return name === 'alertname' ? [INDEX.alertname(value)] : [INDEX.label(name, value), INDEX.manyLabels]
}

function textTest(text: string): Condition['test'] {
  const wanted = text.toLowerCase()
  return (record) => textsOf(record).some((part) => part?.toLowerCase().includes(wanted))
}

function textsOf({ id, run: { alert, groupKey }, job, result }: RunRecord): (string | undefined)[] {
  const sets = isInvalid(alert) ? [] : [alert.labels, alert.annotations]
  return [
    alert.alertname,
    ...sets.flatMap((set) => Object.entries(set).flat()),
    groupKey,
    result?.reason,
    job?.name,
    id,
  ]
}
