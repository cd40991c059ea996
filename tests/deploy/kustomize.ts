import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findExecutable } from '@opifer/testkit'
import { loadAll } from 'js-yaml'

/** A Kubernetes object, ready to be applied. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  [field: string]: unknown
}

export const OVERLAYS = ['dev', 'prod'] as const

/** The first version with `labels.includeTemplates`. */
const MIN_KUSTOMIZE = 5

/** Why manifests can't be rendered here; undefined when they can. */
export function kustomizeIsMissing(): string | undefined {
  const kubectl = findExecutable('kubectl')
  if (kubectl === undefined) return 'kubectl is not on the PATH'
  const { stdout } = spawnSync(kubectl, ['version', '--client', '--output=json'], { encoding: 'utf8' })
  const [, version = 'none', major = '0'] = /"kustomizeVersion": "(v(\d+)[^"]*)"/.exec(stdout) ?? []
  return Number(major) >= MIN_KUSTOMIZE
    ? undefined
    : `this kubectl has kustomize ${version}; v${MIN_KUSTOMIZE} is needed`
}

/** What `kubectl apply -k` would send for a folder of `deploy/kustomize`. */
export async function render(folder: string): Promise<Manifest[]> {
  const path = fileURLToPath(new URL(`../../deploy/kustomize/${folder}`, import.meta.url))
  const { stdout } = await promisify(execFile)('kubectl', ['kustomize', path], { maxBuffer: 16 * 1_024 * 1_024 })
  return loadAll(stdout) as Manifest[]
}

/** For error messages: `Deployment opifer/ingest`. */
export function nameOf({ kind, metadata: { namespace, name } }: Manifest): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}
