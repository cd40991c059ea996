import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface MountedSecret {
  /** Where a file of it is read. */
  path(file: string): string
  /** What the Secret holds from now on; files that are not named are gone. */
  update(contents: Readonly<Record<string, string>>): Promise<void>
  remove(): Promise<void>
}

/** Files as Kubernetes mounts a Secret: links into `..data`, itself a link that is swapped when the Secret changes. */
export async function mountSecret(contents: Readonly<Record<string, string>>): Promise<MountedSecret> {
  const dir = await mkdtemp(join(tmpdir(), 'opifer-secret-'))
  let version = 0

  async function update(renewed: Readonly<Record<string, string>>): Promise<void> {
    const name = `..${++version}`
    await mkdir(join(dir, name))
    for (const [file, text] of Object.entries(renewed)) await writeFile(join(dir, name, file), text)
    await symlink(name, join(dir, '..data_tmp'))
    await rename(join(dir, '..data_tmp'), join(dir, '..data'))
  }

  await update(contents)
  for (const file of Object.keys(contents)) await symlink(join('..data', file), join(dir, file))
  return { path: (file) => join(dir, file), update, remove: () => rm(dir, { recursive: true }) }
}
