import type { Alert } from '../alert/alert.ts'

/** Where the Operario for an alert must be. */
export interface OperarioAddress {
  /** Name of the ConfigMap. */
  configMap: string
  /** Key in the ConfigMap's data. */
  key: string
}

/**
 * The address of the Operario for an alert: ConfigMap `openfero-<alertname>-<status>`, key `<alertname>` (Operarios guide,
 * "Naming Convention"). ConfigMap names must be DNS names and keys `[-._a-zA-Z0-9]`, so other characters are replaced and
 * the name is lower-cased. Undefined if the name would be too long.
 */
export function operarioAddress({
  alertname,
  status,
}: Pick<Alert, 'alertname' | 'status'>): OperarioAddress | undefined {
  if (alertname.length > MAX_NAME) return undefined
  const configMap = `openfero-${dnsName(alertname)}-${status}`
  if (configMap.length > MAX_NAME) return undefined
  return { configMap, key: alertname.replace(/[^-._a-zA-Z0-9]/g, '-') }
}

/** RFC 1123 subdomain: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, joined by dots, at most 253 characters. */
const MAX_NAME = 253

function dnsName(text: string): string {
  const fitting = text.toLowerCase().replace(/[^a-z0-9.-]/g, '-')
  // A dot is allowed only between letters or digits.
  return fitting.replace(/[.-]*\.[.-]*/g, (run, offset: number) => {
    const inside = offset > 0 && offset + run.length < fitting.length
    return run === '.' && inside ? '.' : '-'
  })
}
