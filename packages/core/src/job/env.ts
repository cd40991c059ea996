import type { Alert } from '../alert/alert.ts'
import type { LabelSet } from '../alert/label-set.ts'
import { ENV, LABEL_ENV_PREFIX } from '../contract.ts'
import type { Run } from '../run/run.ts'
import { excerpt, truncateUtf8 } from '../text/truncate.ts'

export interface EnvVariable {
  name: string
  value: string
}

/** The environment of a run's containers. */
export interface InjectedEnv {
  variables: EnvVariable[]
  /** Labels that were dropped or cut, as text for the log. */
  warnings: string[]
}

/** Every label of the alert and Opifer's own variables, in a deterministic order. */
export function injectedEnv(run: Pick<Run, 'id' | 'groupKey'>, alert: Alert): InjectedEnv {
  const warnings: string[] = []
  const variables: EnvVariable[] = []
  const own = Object.entries(ownVariables(run, alert, warnings))
  for (const [name, value] of [...own, ...labelVariables(alert.labels, warnings)]) {
    variables.push({ name, value: escapeExpansion(fitValue(name, clean(value), warnings)) })
  }
  return { variables, warnings: firstFew(warnings) }
}

function ownVariables(run: Pick<Run, 'id' | 'groupKey'>, alert: Alert, warnings: string[]): Record<string, string> {
  return {
    [ENV.runId]: run.id,
    [ENV.status]: alert.status,
    [ENV.fingerprint]: alert.fingerprint,
    [ENV.groupKey]: run.groupKey,
    [ENV.startsAt]: alert.startsAt ?? '',
    [ENV.generatorUrl]: alert.generatorURL ?? '',
    [ENV.alert]: alertJson(alert, warnings),
  }
}

/** Pairs of variable and value. If labels map to the same variable, the one that needs the least change wins. */
function labelVariables(labels: LabelSet, warnings: string[]): [string, string][] {
  const chosen = new Map<string, string>()
  for (const label of Object.keys(labels).sort(byLikeness)) {
    const name = variableName(label)
    const winner = chosen.get(name)
    if (winner !== undefined) {
      warnings.push(`label ${quote(label)} is dropped: ${quote(winner)} maps to the same variable ${excerpt(name, 60)}`)
    } else if (name.length > MAX_NAME) {
      warnings.push(`label ${quote(label)} is dropped: its variable name is longer than ${MAX_NAME} characters`)
    } else {
      chosen.set(name, label)
    }
  }
  return [...chosen].sort(([a], [b]) => compare(a, b)).map(([name, label]) => [name, labels[label] ?? ''])
}

/** Labels that only need upper-casing come first, then alphabetically. */
function byLikeness(a: string, b: string): number {
  return Number(needsChange(a)) - Number(needsChange(b)) || compare(a, b)
}

function needsChange(label: string): boolean {
  return !/^[a-z0-9_]*$/.test(label)
}

function variableName(label: string): string {
  return LABEL_ENV_PREFIX + label.replace(/[^A-Za-z0-9_]/g, '_').toUpperCase()
}

/** The whole alert. If too long, its texts are cut individually, ever shorter, so the result stays valid JSON. */
function alertJson({ alertname, ...asSent }: Alert, warnings: string[]): string {
  const { labels, annotations, ...fields } = asSent
  let json = JSON.stringify(asSent)
  if (Buffer.byteLength(json) > MAX_ALERT_JSON) warnings.push(`${ENV.alert} is shortened to fit the kernel limit`)
  for (let length = 4_096; Buffer.byteLength(json) > MAX_ALERT_JSON; length /= 2) {
    const sets = { labels: shorten(labels, length), annotations: shorten(annotations, length) }
    json = JSON.stringify({ ...shorten(fields, length), ...sets, truncated: true })
  }
  return json
}

/** Keeps few enough and short enough names that cutting the texts is always sufficient. */
function shorten(texts: Readonly<Record<string, string | undefined>>, length: number): LabelSet {
  const kept: Record<string, string> = Object.create(null)
  const names = Object.keys(texts).filter((name) => name.length <= 100)
  for (const name of names.sort(compare).slice(0, 64)) {
    const text = texts[name]
    if (text !== undefined) kept[name] = excerpt(text, length)
  }
  return kept
}

/** Linux allows 128 KiB for `NAME=value` with its final NUL (MAX_ARG_STRLEN); the container would fail to start with more. */
const MAX_ENTRY_BYTES = 131_071
const MAX_NAME = 1_024
const MAX_ALERT_JSON = MAX_ENTRY_BYTES - `${ENV.alert}=`.length
const MAX_WARNINGS = 20
const CUT_MARK = '…[cut by opifer]'

function fitValue(name: string, value: string, warnings: string[]): string {
  const room = MAX_ENTRY_BYTES - name.length - 1
  const fitting = truncateUtf8(value, room)
  if (fitting === value) return value
  warnings.push(`${name} is cut to ${room} bytes, the kernel limit`)
  return truncateUtf8(value, room - Buffer.byteLength(CUT_MARK)) + CUT_MARK
}

/** A NUL would end the variable, and half a surrogate pair has no UTF-8 encoding. */
function clean(value: string): string {
  return value.toWellFormed().replaceAll('\0', '\uFFFD')
}

/**
 * The kubelet expands `$(VAR)` in a value and reads `$$` as a dollar sign, so a label could read the author's secrets.
 * Escaping only `$(` would not stop `$$(VAR)`. With every dollar sign doubled the container gets the original value
 * (kubernetes: third_party/forked/golang/expansion).
 */
function escapeExpansion(value: string): string {
  return value.replaceAll('$', '$$$$')
}

/** A hostile alert can cause tens of thousands of warnings. */
function firstFew(warnings: string[]): string[] {
  if (warnings.length <= MAX_WARNINGS) return warnings
  return [...warnings.slice(0, MAX_WARNINGS), `and ${warnings.length - MAX_WARNINGS} more warnings`]
}

function quote(label: string): string {
  return JSON.stringify(excerpt(label, 60))
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
