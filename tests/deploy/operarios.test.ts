/** The documented Operarios, checked against the namespace that the documentation puts them into. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type OperarioConfigMap, readOperario } from '@opifer/core'
import { load } from 'js-yaml'
import type { IJobSpec } from 'kubernetes-models/batch/v1/JobSpec'
import { expect, test } from 'vitest'
import type { Manifest } from './kustomize.ts'
import { podOf, violations } from './pod-security.ts'
import { schemaError } from './schemas.ts'

const EXAMPLES = ['disk-cleanup', 'disk-report', 'backup-check']

test('the example of the README meets the restricted level and has a deadline', async () => {
  const [, text = ''] = /```yaml\n(apiVersion: v1\nkind: ConfigMap\n.*?)```/s.exec(await readText('README.md')) ?? []
  const job = jobOf(text)
  expect(await schemaError(job)).toBeUndefined()
  expect(violations(podOf(job)!)).toEqual([])
  expect((job['spec'] as IJobSpec).activeDeadlineSeconds).toBeGreaterThan(0)
})

test.each(EXAMPLES)(
  'the sample Operario %s has a deadline and needs the level that its documentation names',
  async (folder) => {
    const job = jobOf(await readText(`operarios/${folder}/configmap.yaml`))
    expect(await schemaError(job)).toBeUndefined()
    expect((job['spec'] as IJobSpec).activeDeadlineSeconds).toBeGreaterThan(0)
    const [, level] =
      new RegExp(`^\\| \`${folder}\`.*\\| \`(\\w+)\` +\\|$`, 'm').exec(await readText('operarios/README.md')) ?? []
    expect(level).toBe(violations(podOf(job)!).length === 0 ? 'restricted' : 'privileged')
  },
)

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
