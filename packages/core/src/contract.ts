/**
 * Every label, annotation and environment key that Opifer reads or writes, and nothing else.
 * The `openfero` keys are OpenFero's and must not change: users' ConfigMaps, dashboards and scripts rely on them.
 */

/** Keys of labels that a Job and its pods carry. */
export const LABEL = {
  alert: 'openfero.io/alert',
  groupKey: 'openfero.io/group-key',
  status: 'openfero.io/status',
  runId: 'opifer.io/run-id',
} as const

/** Keys of annotations that a Job and its pods carry. */
export const ANNOTATION = {
  dedupId: 'opifer.io/dedup-id',
  alertKey: 'opifer.io/alert-key',
  operario: 'opifer.io/operario',
} as const

/** Keys that an author sets on the ConfigMap of an Operario. */
export const OPERARIO = {
  /** Label: `"true"` keeps the Operario known but not run. */
  disabled: 'openfero/job-disabled',
  /** Annotation: how long the same alert stays quiet after a run, e.g. `5m`. */
  cooldown: 'opifer.io/cooldown',
} as const

/** What a label's name gets in front of it when it becomes an environment variable. */
export const LABEL_ENV_PREFIX = 'OPENFERO_'

/** Environment variables that a run's containers get beyond the alert's labels. */
export const ENV = {
  runId: 'OPIFER_RUN_ID',
  status: 'OPIFER_STATUS',
  fingerprint: 'OPIFER_FINGERPRINT',
  groupKey: 'OPIFER_GROUP_KEY',
  startsAt: 'OPIFER_STARTS_AT',
  generatorUrl: 'OPIFER_GENERATOR_URL',
  alert: 'OPIFER_ALERT',
} as const
