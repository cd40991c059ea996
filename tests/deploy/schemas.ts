import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Manifest, nameOf } from './kustomize.ts'

const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url))
const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))

/** Why an object is invalid by Kubernetes' own OpenAPI schemas or those of an operator's CRD; undefined when it is valid. */
export async function schemaError(manifest: Manifest): Promise<string | undefined> {
  const module = (await import(modelOf(manifest))) as Record<string, new (data: object) => { validate(): void }>
  const Model = module[manifest.kind]
  if (!Model) return `${nameOf(manifest)}: ${manifest.apiVersion} has no kind ${manifest.kind}`
  try {
    new Model(manifest).validate()
    return undefined
  } catch (error) {
    return `${nameOf(manifest)}: ${(error as Error).message}`
  }
}

/**
 * Finds fields that the schemas do not define, but accept: each object is written as a literal of its type, and the compiler
 * rejects excess properties. Returns the compiler's errors.
 */
export async function unknownFields(manifests: readonly Manifest[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'opifer-manifests-'))
  try {
    const packages = ['kubernetes-models', '@kubernetes-models/keda', '@kubernetes-models/prometheus-operator']
    const paths = Object.fromEntries(packages.map((name) => [`${name}/*`, [`${join(MODULES, name)}/*`]]))
    const compilerOptions = {
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      types: [],
      target: 'es2024',
      lib: ['es2024'],
      module: 'esnext',
      moduleResolution: 'bundler',
      paths,
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['manifests.ts'] }))
    await writeFile(join(folder, 'manifests.ts'), manifests.map(literal).join('\n'))
    await promisify(execFile)(TSC, ['--project', folder, '--pretty', 'false'])
    return ''
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string }
    return stdout || message
  } finally {
    await rm(folder, { recursive: true })
  }
}

function literal(manifest: Manifest, index: number): string {
  const type = `T${index}`
  const source = `import type { I${manifest.kind} as ${type} } from '${modelOf(manifest)}'`
  return `${source}\n// ${nameOf(manifest)}\nexport const m${index} = ${JSON.stringify(manifest, null, 1)} satisfies ${type}`
}

/** The module that contains a kind's model. */
function modelOf({ apiVersion, kind }: Manifest): string {
  if (apiVersion.startsWith('monitoring.coreos.com/'))
    return `@kubernetes-models/prometheus-operator/${apiVersion}/${kind}`
  if (apiVersion.startsWith('keda.sh/')) return `@kubernetes-models/keda/${apiVersion}/${kind}`
  return `kubernetes-models/${apiVersion}/${kind}`
}
