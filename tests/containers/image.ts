import { getContainerRuntimeClient, ImageName } from 'testcontainers'

/** Why an image can't be run here; undefined when it can. */
export async function whyNotRunnable(image: string): Promise<string | undefined> {
  const engine = await getContainerRuntimeClient().catch(() => undefined)
  if (engine === undefined) return 'no container engine found'
  const name = ImageName.fromString(image)
  if (await engine.image.exists(name)) return undefined
  try {
    await engine.image.pull(name)
    return undefined
  } catch (error) {
    return `image ${image} is not present and can't be pulled: ${(error as Error).message.split('\n', 1)[0]}`
  }
}
