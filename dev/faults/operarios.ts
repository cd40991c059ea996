import type { Alertname } from './alerts.ts'

/** A ConfigMap with one Operario, as a user would write it. */
export interface OperarioManifest {
  apiVersion: 'v1'
  kind: 'ConfigMap'
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> }
  data: Record<string, string>
}

/** The Operarios of a fault run: one for each way in which a run can go. `FaultAbsent` has none. */
export function faultOperarios(): OperarioManifest[] {
  return [
    operario('FaultQuick', job('true')),
    operario('FaultQuick', job('true'), { status: 'resolved' }),
    operario('FaultSlow', job('sleep 1.2')),
    operario('FaultFailing', job('echo "cannot be mended" >&2; exit 3')),
    // Its container fails once and is started again in the same pod: failures are counted, yet the Job completes.
    operario(
      'FaultRestarting',
      job('[ -e been-here ] || { touch been-here; exit 1; }', { restartPolicy: 'OnFailure' }),
    ),
    // Gone as soon as it has finished.
    operario('FaultBrief', job('sleep 0.1', { ttl: 0 })),
    operario('FaultAgain', job('true'), { cooldown: '0s' }),
    operario('FaultDisabled', job('true'), { disabled: true }),
    operario('FaultBroken', 'kind: Pod'),
  ]
}

interface OperarioTraits {
  status?: 'firing' | 'resolved'
  cooldown?: string
  disabled?: boolean
}

function operario(alertname: Alertname, manifest: string, traits: OperarioTraits = {}): OperarioManifest {
  const { status = 'firing', cooldown, disabled } = traits
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `openfero-${alertname.toLowerCase()}-${status}`,
      labels: { app: 'openfero', ...(disabled && { 'openfero/job-disabled': 'true' }) },
      annotations: cooldown === undefined ? {} : { 'opifer.io/cooldown': cooldown },
    },
    data: { [alertname]: manifest },
  }
}

interface JobTraits {
  restartPolicy?: 'Never' | 'OnFailure'
  ttl?: number
}

function job(script: string, { restartPolicy = 'Never', ttl }: JobTraits = {}): string {
  return JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'fault' },
    spec: {
      backoffLimit: restartPolicy === 'Never' ? 0 : 3,
      ...(ttl !== undefined && { ttlSecondsAfterFinished: ttl }),
      template: {
        spec: { restartPolicy, containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', script] }] },
      },
    },
  })
}
