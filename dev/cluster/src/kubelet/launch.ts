import type { Container, Pod } from '../controllers/pod-types.ts'
import { type ConfigMapReader, resolveEnv } from './container-env.ts'
import { expand } from './expand.ts'
import { findImage, type ImageCatalogue } from './image-catalogue.ts'

/** All that is needed to start a container. */
export interface Launch {
  container: Container
  argv: readonly string[]
  env: ReadonlyMap<string, string>
}

export type LaunchAttempt = { ok: true; launch: Launch } | { ok: false; waiting: Waiting }

/** Why a container cannot start yet. */
export interface Waiting {
  reason: 'ImagePullBackOff' | 'CreateContainerConfigError'
  message: string
}

export interface LaunchContext {
  pod: Pod
  images: ImageCatalogue
  configMap: ConfigMapReader
}

/**
 * Works out what to run. A `command` runs as it is, whatever the image; without one the image catalogue must know the
 * image, since there are no images here.
 */
export function prepareLaunch(container: Container, { pod, images, configMap }: LaunchContext): LaunchAttempt {
  const entrypoint = container.command?.length ? container.command : findImage(images, container.image ?? '')
  if (!entrypoint) return refuse('ImagePullBackOff', howToMap(container))
  if (container.restartPolicy)
    return refuse('CreateContainerConfigError', 'a restartPolicy per container is not supported')
  const resolution = resolveEnv(container, pod, configMap)
  if (!resolution.ok) return refuse('CreateContainerConfigError', resolution.message)
  const { env } = resolution
  const argv = [...entrypoint, ...(container.args ?? [])].map((word) => expand(word, (name) => env.get(name)))
  return { ok: true, launch: { container, argv, env } }
}

function refuse(reason: Waiting['reason'], message: string): LaunchAttempt {
  return { ok: false, waiting: { reason, message } }
}

function howToMap({ image = '' }: Container): string {
  return (
    `there are no images in the development cluster: give the container a command, ` +
    `or map ${JSON.stringify(image)} to a local program in the image catalogue`
  )
}
