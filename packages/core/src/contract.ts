/**
 * Every label, annotation and environment key that Opifer reads or writes, and nothing else.
 * The `openfero` keys are OpenFero's and must not change: users' ConfigMaps, dashboards and scripts rely on them.
 */

/** Label keys of a Job and its pods. */
export const LABEL = {
  alert: 'openfero.io/alert',
  groupKey: 'openfero.io/group-key',
  status: 'openfero.io/status',
  runId: 'opifer.io/run-id',
} as const

/** Annotation keys of a Job and its pods. */
export const ANNOTATION = {
  dedupId: 'opifer.io/dedup-id',
  alertKey: 'opifer.io/alert-key',
  operario: 'opifer.io/operario',
} as const

/** Keys that authors set on the ConfigMap of an Operario. */
export const OPERARIO = {
  /** Label: `"true"` disables the Operario. */
  disabled: 'openfero/job-disabled',
  /** Annotation: how long repeats of an alert are ignored after a run, e.g. `5m`. */
  cooldown: 'opifer.io/cooldown',
} as const

/** Prefix of the environment variables made from labels. */
export const LABEL_ENV_PREFIX = 'OPENFERO_'

/** Environment variables that containers get in addition to the alert's labels. */
export const ENV = {
  runId: 'OPIFER_RUN_ID',
  status: 'OPIFER_STATUS',
  fingerprint: 'OPIFER_FINGERPRINT',
  groupKey: 'OPIFER_GROUP_KEY',
  startsAt: 'OPIFER_STARTS_AT',
  generatorUrl: 'OPIFER_GENERATOR_URL',
  alert: 'OPIFER_ALERT',
} as const
