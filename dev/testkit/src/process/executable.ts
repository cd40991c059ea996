import which from 'which'

/** The first of these programs on the PATH, as an absolute path. */
export function findExecutable(...names: readonly string[]): string | undefined {
  return names.map((name) => which.sync(name, { nothrow: true })).find((path) => path !== null)
}
