import type { Alert } from '../alert/alert.ts'
import type { LabelSet } from '../alert/label-set.ts'
import { ENV, LABEL_ENV_PREFIX } from '../contract.ts'
import type { Run } from '../run/run.ts'
import { excerpt, truncateUtf8 } from '../text/truncate.ts'

export interface EnvVariable {
  name: string
  value: string
}

/** What a run's containers get, and what somebody should know about how it was made. */
export interface InjectedEnv {
  variables: EnvVariable[]
  /** Labels that could not be passed on as they are, in words for the log. */
  remarks: string[]
}

/** The environment of a run: every label of the alert, and what Opifer knows beyond labels. Sorted, so that it is the same every time. */
export function injectedEnv(run: Pick<Run, 'id' | 'groupKey'>, alert: Alert): InjectedEnv {
  const remarks: string[] = []
  const variables: EnvVariable[] = []
  const own = Object.entries(ownVariables(run, alert, remarks))
  for (const [name, value] of [...own, ...labelVariables(alert.labels, remarks)]) {
    variables.push({ name, value: escapeExpansion(fitValue(name, clean(value), remarks)) })
  }
  return { variables, remarks: firstFew(remarks) }
}

function ownVariables(run: Pick<Run, 'id' | 'groupKey'>, alert: Alert, remarks: string[]): Record<string, string> {
  return {
    [ENV.runId]: run.id,
    [ENV.status]: alert.status,
    [ENV.fingerprint]: alert.fingerprint,
    [ENV.groupKey]: run.groupKey,
    [ENV.startsAt]: alert.startsAt ?? '',
    [ENV.generatorUrl]: alert.generatorURL ?? '',
    [ENV.alert]: alertJson(alert, remarks),
  }
}

/** Pairs of variable and value. Of labels that become the same variable, the one that needs the least change wins. */
function labelVariables(labels: LabelSet, remarks: string[]): [string, string][] {
  const chosen = new Map<string, string>()
  for (const label of Object.keys(labels).sort(byLikeness)) {
    const name = variableName(label)
    const winner = chosen.get(name)
    if (winner !== undefined) {
      remarks.push(`label ${quote(label)} gives way to ${quote(winner)}: both become ${excerpt(name, 60)}`)
    } else if (name.length > MAX_NAME) {
      remarks.push(`label ${quote(label)} is no variable: its name is longer than ${MAX_NAME} characters`)
    } else {
      chosen.set(name, label)
    }
  }
  return [...chosen].sort(([a], [b]) => compare(a, b)).map(([name, label]) => [name, labels[label] ?? ''])
}

/** Labels that are only upper-cased come first, then the alphabet decides. */
function byLikeness(a: string, b: string): number {
  return Number(needsChange(a)) - Number(needsChange(b)) || compare(a, b)
}

function needsChange(label: string): boolean {
  return !/^[a-z0-9_]*$/.test(label)
}

function variableName(label: string): string {
  return LABEL_ENV_PREFIX + label.replace(/[^A-Za-z0-9_]/g, '_').toUpperCase()
}

/** The whole alert. Where that is too long its texts are cut one by one, ever shorter, so that what is left is still JSON. */
function alertJson({ alertname, ...asSent }: Alert, remarks: string[]): string {
  const { labels, annotations, ...fields } = asSent
  let json = JSON.stringify(asSent)
  if (Buffer.byteLength(json) > MAX_ALERT_JSON) remarks.push(`${ENV.alert} is shortened: the kernel takes no more`)
  for (let length = 4_096; Buffer.byteLength(json) > MAX_ALERT_JSON; length /= 2) {
    const sets = { labels: shorten(labels, length), annotations: shorten(annotations, length) }
    json = JSON.stringify({ ...shorten(fields, length), ...sets, truncated: true })
  }
  return json
}

/** Keeps so few and so short names that they always fit: only the texts need to be cut until all does. */
function shorten(texts: Readonly<Record<string, string | undefined>>, length: number): LabelSet {
  const kept: Record<string, string> = Object.create(null)
  const names = Object.keys(texts).filter((name) => name.length <= 100)
  for (const name of names.sort(compare).slice(0, 64)) {
    const text = texts[name]
    if (text !== undefined) kept[name] = excerpt(text, length)
  }
  return kept
}

/** Linux takes at most 128 KiB for one `NAME=value` with its closing NUL (MAX_ARG_STRLEN); a longer one fails the container's start. */
const MAX_ENTRY_BYTES = 131_071
const MAX_NAME = 1_024
const MAX_ALERT_JSON = MAX_ENTRY_BYTES - `${ENV.alert}=`.length
const MAX_REMARKS = 20
const CUT_MARK = '…[cut by opifer]'

function fitValue(name: string, value: string, remarks: string[]): string {
  const room = MAX_ENTRY_BYTES - name.length - 1
  const fitting = truncateUtf8(value, room)
  if (fitting === value) return value
  remarks.push(`${name} is cut to ${room} bytes: the kernel takes no more`)
  return truncateUtf8(value, room - Buffer.byteLength(CUT_MARK)) + CUT_MARK
}

/** A NUL ends a string of the environment, and half a surrogate pair has no UTF-8. */
function clean(value: string): string {
  return value.toWellFormed().replaceAll('\0', '\uFFFD')
}

/**
 * The kubelet reads `$(VAR)` in a value as a reference and `$$` as a dollar sign, so a label could copy the author's
 * secrets, or a `$$(VAR)` in it survive an escape of `$(` alone. With every dollar sign doubled the container sees the
 * value as it came (kubernetes: third_party/forked/golang/expansion).
 */
function escapeExpansion(value: string): string {
  return value.replaceAll('$', '$$$$')
}

/** A hostile alert can make tens of thousands of them. */
function firstFew(remarks: string[]): string[] {
  if (remarks.length <= MAX_REMARKS) return remarks
  return [...remarks.slice(0, MAX_REMARKS), `and ${remarks.length - MAX_REMARKS} more remarks of this kind`]
}

function quote(label: string): string {
  return JSON.stringify(excerpt(label, 60))
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
