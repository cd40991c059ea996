/** The Operarios that people are shown, held against the namespace that they are told to put them into. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type OperarioConfigMap, readOperario } from '@opifer/core'
import { load } from 'js-yaml'
import type { IJobSpec } from 'kubernetes-models/batch/v1/JobSpec'
import { expect, test } from 'vitest'
import type { Manifest } from './kustomize.ts'
import { podOf, violations } from './pod-security.ts'
import { schemaFault } from './schemas.ts'

const EXAMPLES = ['disk-cleanup', 'disk-report', 'backup-check']

test('the example of the README is taken there as it is, and ends whatever becomes of its pods', async () => {
  const [, text = ''] = /```yaml\n(apiVersion: v1\nkind: ConfigMap\n.*?)```/s.exec(await readText('README.md')) ?? []
  const job = jobOf(text)
  expect(await schemaFault(job)).toBeUndefined()
  expect(violations(podOf(job)!)).toEqual([])
  expect((job['spec'] as IJobSpec).activeDeadlineSeconds).toBeGreaterThan(0)
})

test.each(EXAMPLES)('%s ends whatever becomes of its pods, and needs the level that its page names', async (folder) => {
  const job = jobOf(await readText(`operarios/${folder}/configmap.yaml`))
  expect(await schemaFault(job)).toBeUndefined()
  expect((job['spec'] as IJobSpec).activeDeadlineSeconds).toBeGreaterThan(0)
  const [, level] =
    new RegExp(`^\\| \`${folder}\`.*\\| \`(\\w+)\` +\\|$`, 'm').exec(await readText('operarios/README.md')) ?? []
  expect(level).toBe(violations(podOf(job)!).length === 0 ? 'restricted' : 'privileged')
})

function readText(path: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
}

/** The Job of a ConfigMap's only key, as a worker reads it. */
function jobOf(text: string): Manifest {
  const configMap = load(text) as OperarioConfigMap
  const [key = ''] = Object.keys(configMap.data ?? {})
  const resolution = readOperario(configMap, { configMap: configMap.metadata.name, key })
  if (resolution.kind !== 'found') throw new Error(resolution.reason)
  return resolution.operario.manifest as unknown as Manifest
}
