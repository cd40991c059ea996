import { fileURLToPath } from 'node:url'

const root = new URL('../../../', import.meta.url)

/** A path of the repository, seen from its root. */
export function fromRoot(path: string): string {
  return fileURLToPath(new URL(path, root))
}
