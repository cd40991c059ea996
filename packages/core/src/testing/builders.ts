import type { Alert } from '../alert/alert.ts'
import { fingerprint } from '../alert/fingerprint.ts'
import { labelSet } from '../alert/label-set.ts'
import { type OperarioAddress, operarioAddress } from '../operario/name.ts'
import { type Operario, type OperarioConfigMap, readOperario } from '../operario/operario.ts'
import { identify } from '../run/identity.ts'
import type { Run } from '../run/run.ts'

/** A webhook's JSON, with extra or malformed fields if a test wants them. */
export type WebhookBody = { alerts: unknown[] } & Record<string, unknown>

/** A webhook as sent over the wire. `alerts` may contain anything. */
export function makeWebhook(overrides: Partial<WebhookBody> = {}): WebhookBody {
  return {
    version: '4',
    receiver: 'openfero',
    groupKey: GROUP_KEY,
    truncatedAlerts: 0,
    status: 'firing',
    alerts: [makeAlert()],
    ...overrides,
  }
}

/** A parsed alert, also valid over the wire. Its fingerprint is computed from its labels by default. */
export function makeAlert(overrides: Partial<Alert> = {}): Alert {
  const alertname = overrides.alertname ?? overrides.labels?.['alertname'] ?? 'DiskSpaceLow'
  const labels = labelSet({ ...(overrides.labels ?? DISK_LABELS), alertname })
  return {
    status: 'firing',
    annotations: labelSet({ description: 'Disk space is running low' }),
    startsAt: '2026-11-23T03:58:54.050894278Z',
    endsAt: undefined,
    generatorURL: 'http://prometheus:9090/graph',
    fingerprint: fingerprint(labels),
    ...overrides,
    alertname,
    labels,
  }
}

/** A run of `makeAlert()` by default, as ingest enqueues it. */
export function makeRun(overrides: Partial<Run> = {}): Run {
  const alert = overrides.alert ?? makeAlert()
  const { receiver = 'openfero', groupKey = GROUP_KEY } = overrides
  const { dedupId, alertKey } = identify({ receiver, groupKey }, alert, 'alert')
  return {
    id: '7d3ac40e-5d1f-4c7b-9d8e-0f3a2b1c4d5e',
    dedupId,
    alertKey,
    receiver,
    groupKey,
    receivedAt: Date.parse('2026-11-23T03:59:00Z'),
    alert,
    ...overrides,
  }
}

/** The minimal ConfigMap of the Operarios guide: an Operario for `makeAlert()`. */
export function makeConfigMap(overrides: ConfigMapOverrides = {}): OperarioConfigMap {
  return {
    data: { DiskSpaceLow: MANIFEST },
    ...overrides,
    metadata: {
      namespace: 'openfero',
      name: 'openfero-diskspacelow-firing',
      resourceVersion: '1',
      labels: { app: 'openfero' },
      ...overrides.metadata,
    },
  }
}

export interface ConfigMapOverrides {
  metadata?: Partial<OperarioConfigMap['metadata']>
  data?: OperarioConfigMap['data']
}

/** The Operario in `makeConfigMap()`. */
export function makeOperario(overrides: Partial<Operario> = {}): Operario {
  const address = operarioAddress({ alertname: 'DiskSpaceLow', status: 'firing' }) as OperarioAddress
  const resolution = readOperario(makeConfigMap(), address)
  if (resolution.kind !== 'found') throw new Error(resolution.reason)
  return { ...resolution.operario, ...overrides }
}

const GROUP_KEY = '{}:{alertname="DiskSpaceLow", severity="warning"}'
const DISK_LABELS = { severity: 'warning', instance: 'node-1', mountpoint: '/var/log' }

const MANIFEST = `apiVersion: batch/v1
kind: Job
metadata:
  name: cleanup-disk-space
  labels:
    app: openfero
spec:
  template:
    spec:
      containers:
      - name: cleanup
        image: your-registry/disk-cleanup:v1.0.0
        env:
        - name: DRY_RUN
          value: "false"
      restartPolicy: Never
`
