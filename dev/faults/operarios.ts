import type { Alertname } from './alerts.ts'

/** A ConfigMap with one Operario, as a user would write it. */
export interface OperarioManifest {
  apiVersion: 'v1'
  kind: 'ConfigMap'
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> }
  data: Record<string, string>
}

/** The workers' `--cooldown`. */
export const COOLDOWN_MS = 1_000

export interface Behavior {
  /** The Operario for a firing alert of that name. */
  operario: 'working' | 'disabled' | 'broken' | 'absent'
  manifest?: string
  cooldownMs: number
  /** Whether Kubernetes deletes the Job as soon as it has finished. */
  vanishes: boolean
}

/** One alertname for each way in which a run can go. */
export const BEHAVIORS: Readonly<Record<Alertname, Behavior>> = {
  FaultQuick: working('true'),
  FaultSlow: working('sleep 1.2'),
  FaultFailing: working('echo "cannot be repaired" >&2; exit 3'),
  // Its container fails once and restarts in the same pod: the Job counts a failure, yet completes.
  FaultRestarting: working('[ -e been-here ] || { touch been-here; exit 1; }', { restartPolicy: 'OnFailure' }),
  FaultBrief: working('sleep 0.1', { ttl: 0 }),
  FaultBriefFailing: working('sleep 0.1; exit 1', { ttl: 0 }),
  // For Jobs of one alert that follow each other closely, while earlier ones no longer exist.
  FaultFlapping: working('sleep 0.4', { ttl: 0, cooldownMs: 0 }),
  FaultAgain: working('true', { cooldownMs: 0 }),
  FaultDisabled: { ...working('true'), operario: 'disabled' },
  FaultBroken: { ...working('true'), operario: 'broken', manifest: 'kind: Pod' },
  FaultAbsent: { operario: 'absent', cooldownMs: COOLDOWN_MS, vanishes: false },
}

/** The only alert whose resolved notifications have an Operario of their own. */
export const RESOLVED_TOO: Alertname = 'FaultQuick'

export function faultOperarios(): OperarioManifest[] {
  const firing = Object.entries(BEHAVIORS).map(([name, behavior]) => operario(name, 'firing', behavior))
  return [...firing, operario(RESOLVED_TOO, 'resolved', BEHAVIORS[RESOLVED_TOO])].filter(
    (manifest) => manifest !== undefined,
  )
}

function operario(
  alertname: string,
  status: 'firing' | 'resolved',
  { operario: kind, manifest, cooldownMs }: Behavior,
): OperarioManifest | undefined {
  if (manifest === undefined) return undefined
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `openfero-${alertname.toLowerCase()}-${status}`,
      labels: { app: 'openfero', ...(kind === 'disabled' && { 'openfero/job-disabled': 'true' }) },
      annotations: cooldownMs === COOLDOWN_MS ? {} : { 'opifer.io/cooldown': `${cooldownMs}ms` },
    },
    data: { [alertname]: manifest },
  }
}

interface JobTraits {
  restartPolicy?: 'Never' | 'OnFailure'
  /** Seconds. */
  ttl?: number
  cooldownMs?: number
}

function working(script: string, traits: JobTraits = {}): Behavior {
  const { restartPolicy = 'Never', ttl, cooldownMs = COOLDOWN_MS } = traits
  const manifest = JSON.stringify({
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
  return { operario: 'working', manifest, cooldownMs, vanishes: ttl === 0 }
}
