/** Which local program stands for an image, as its ENTRYPOINT does. Keys are image references with or without a tag. */
export type ImageCatalogue = Readonly<Record<string, { command: readonly string[] }>>

/** The entry of exactly this reference, or else the one of its repository. */
export function findImage(catalogue: ImageCatalogue, image: string): readonly string[] | undefined {
  const withoutDigest = image.replace(/@.*$/, '')
  // A colon before the last slash is a registry's port.
  const repository = withoutDigest.replace(/:[^:/]*$/, '')
  const reference = [image, withoutDigest, repository].find((key) => Object.hasOwn(catalogue, key))
  return reference === undefined ? undefined : catalogue[reference]?.command
}
