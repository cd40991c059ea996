import type { Container, Pod } from '../objects/pod.ts'
import { type ConfigMapReader, expand, resolveEnv } from './container-env.ts'

/** Which local program an image's ENTRYPOINT is. Keys are image references with or without a tag. */
export type ImageCatalog = Readonly<Record<string, { command: readonly string[] }>>

export interface Launch {
  container: Container
  argv: readonly string[]
  env: ReadonlyMap<string, string>
}

/** A launch, or why the container cannot start yet. */
export type LaunchAttempt =
  | { ok: true; launch: Launch }
  | { ok: false; reason: 'ImagePullBackOff' | 'CreateContainerConfigError'; message: string }

export interface LaunchContext {
  pod: Pod
  images: ImageCatalog
  configMap: ConfigMapReader
}

/** A `command` runs as it is, whatever the image; without one the catalog must have the image, because there are no images. */
export function prepareLaunch(container: Container, { pod, images, configMap }: LaunchContext): LaunchAttempt {
  const { image = '', command, args = [] } = container
  const entrypoint = command?.length ? command : findImage(images, image)
  if (!entrypoint) {
    const message =
      'the development cluster has no images: give the container a command, ' +
      `or map ${JSON.stringify(image)} to a local program in the image catalog`
    return { ok: false, reason: 'ImagePullBackOff', message }
  }
  const env = resolveEnv(container, pod, configMap)
  if (!env.ok) return { ok: false, reason: 'CreateContainerConfigError', message: env.message }
  const argv = [...entrypoint, ...args].map((word) => expand(word, (name) => env.value.get(name)))
  return { ok: true, launch: { container, argv, env: env.value } }
}

/** The entry of this reference, or of its repository. */
export function findImage(catalog: ImageCatalog, image: string): readonly string[] | undefined {
  const withoutDigest = image.replace(/@.*$/, '')
  // A colon before the last slash belongs to a registry's port.
  const repository = withoutDigest.replace(/:[^:/]*$/, '')
  const reference = [image, withoutDigest, repository].find((key) => Object.hasOwn(catalog, key))
  return reference === undefined ? undefined : catalog[reference]?.command
}
