import type { Run } from '@opifer/core'
import { ALERTNAMES, type Alertname } from '../alerts.ts'

/** Undefined for an alert that was sent without its alertname. */
export function alertnameOf({ alert }: Run): Alertname | undefined {
  return ALERTNAMES.find((name) => name === alert.alertname)
}
