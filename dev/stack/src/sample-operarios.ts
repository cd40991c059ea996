import { readFile } from 'node:fs/promises'
import { CoreV1Api, KubeConfig, type V1ConfigMap } from '@kubernetes/client-node'
import { load } from 'js-yaml'
import { fromRoot } from './paths.ts'

const SAMPLES = [
  { folder: 'disk-cleanup', image: 'opifer/disk-cleanup', program: 'cleanup.sh' },
  { folder: 'disk-report', image: 'opifer/disk-report', program: 'report.sh' },
  { folder: 'backup-check', image: 'opifer/backup-check', program: 'check.sh' },
] as const

/** Programs of `operarios/` by the image that the development cluster runs them for. */
export const SAMPLE_IMAGES = Object.fromEntries(
  SAMPLES.map(({ folder, image, program }) => [image, { command: ['sh', fromRoot(`operarios/${folder}/${program}`)] }]),
)

/**
 * Loads the example Operarios into a development cluster. It has no volumes, so the programs get `hostRoot`, a scratch
 * folder, instead of the mount point of a node's file system.
 */
export async function loadSampleOperarios(kubeconfig: string, hostRoot: string): Promise<string[]> {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromString(kubeconfig)
  const api = kubeConfig.makeApiClient(CoreV1Api)
  const names: string[] = []
  for (const { folder } of SAMPLES) {
    const text = await readFile(fromRoot(`operarios/${folder}/configmap.yaml`), 'utf8')
    const body = load(text.replaceAll('value: /host', `value: ${hostRoot}`)) as V1ConfigMap
    await api.createNamespacedConfigMap({ namespace: 'default', body })
    names.push(body.metadata?.name ?? folder)
  }
  return names
}
