import { buildJob, type JobManifest, operarioAddress, readOperario } from '@opifer/core'
import { ALERTNAME, runOf } from './alerts.ts'

/**
 * The Operario of all measurements. Its Jobs are suspended and belong to no controller, so they create no pods, not even in
 * a real cluster, and end when the benchmark ends them.
 */
const MANIFEST = `apiVersion: batch/v1
kind: Job
metadata:
  name: opifer-bench
spec:
  suspend: true
  managedBy: bench.opifer.io/none
  backoffLimit: 2
  activeDeadlineSeconds: 600
  template:
    spec:
      containers:
      - name: remediate
        image: registry.example.com/remediations/grow-volume:v1.4.2
        args: ["--dry-run=false", "--step=10Gi"]
        env:
        - name: LOG_LEVEL
          value: info
        resources:
          requests: {cpu: 50m, memory: 64Mi}
          limits: {memory: 128Mi}
        securityContext:
          allowPrivilegeEscalation: false
          capabilities: {drop: [ALL]}
          readOnlyRootFilesystem: true
          runAsNonRoot: true
      restartPolicy: Never
      serviceAccountName: remediation
`

const ADDRESS = operarioAddress({ alertname: ALERTNAME, status: 'firing' }) ?? { configMap: '', key: '' }

export function configMap(namespace: string) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: ADDRESS.configMap, namespace, resourceVersion: '1', uid: 'bench', labels: { app: 'openfero' } },
    data: { [ADDRESS.key]: MANIFEST },
  }
}

/** The Job that a worker creates for the first alert. */
export function sampleJob(namespace: string): JobManifest {
  const resolution = readOperario(configMap(namespace), ADDRESS)
  if (resolution.kind !== 'found') throw new Error(resolution.reason)
  const run = runOf(1, '7d3ac40e-5d1f-4c7b-9d8e-0f3a2b1c4d5e')
  if ('invalid' in run.alert) throw new Error(run.alert.invalid)
  const settings = { namespace, ttlSeconds: 300, labels: { app: 'openfero' } }
  const build = buildJob({ run, alert: run.alert, operario: resolution.operario, number: 0 }, settings)
  if (!build.ok) throw new Error(build.reason)
  return build.job
}
