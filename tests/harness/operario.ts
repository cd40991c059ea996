import type { KubeObject } from '@opifer/devcluster'

export interface OperarioOptions {
  status?: 'firing' | 'resolved'
  /** Overrides the ConfigMap's default metadata. */
  metadata?: Record<string, unknown>
  /** Key in the ConfigMap's data (default: the alertname). */
  key?: string
  /** Value of the key (default: a manifest built from the other options). */
  manifest?: string
  job?: Record<string, unknown>
  pod?: Record<string, unknown>
  container?: Record<string, unknown>
}

/** The ConfigMap of an Operario whose container runs `command`. */
export function makeOperario(alertname: string, command: string[], options: OperarioOptions = {}): KubeObject {
  const { status = 'firing', key = alertname, metadata, manifest } = options
  const name = `openfero-${alertname.toLowerCase()}-${status}`
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { app: 'openfero' }, ...metadata },
    data: { [key]: manifest ?? JSON.stringify(makeManifest(alertname, command, options)) },
  }
  return object as unknown as KubeObject
}

function makeManifest(alertname: string, command: string[], { job, pod, container }: OperarioOptions) {
  const containers = [{ name: 'main', image: 'example/tool:1', command, ...container }]
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: alertname.toLowerCase() },
    // Unless a test is about retries, one failure is enough.
    spec: { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers, ...pod } }, ...job },
  }
}

/** A command that does nothing and succeeds. */
export const succeed = ['true']

/** A command that runs a shell script. */
export function shell(script: string): string[] {
  return ['sh', '-c', script]
}

/** A command that prints its environment as JSON, byte for byte. */
export const printEnv = [process.execPath, '-e', 'process.stdout.write(JSON.stringify(process.env))']
