import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface MountedSecret {
  /** Path of a file in the mount. */
  path(file: string): string
  /** Replaces the contents; files not named are deleted. */
  update(contents: Readonly<Record<string, string>>): Promise<void>
  remove(): Promise<void>
}

/** A Secret as the kubelet mounts it: each file links into `..data`, a link that is swapped when the Secret changes. */
export async function mountSecret(contents: Readonly<Record<string, string>>): Promise<MountedSecret> {
  const dir = await mkdtemp(join(tmpdir(), 'opifer-secret-'))
  let version = 0

  async function update(files: Readonly<Record<string, string>>): Promise<void> {
    const name = `..${++version}`
    await mkdir(join(dir, name))
    for (const [file, text] of Object.entries(files)) await writeFile(join(dir, name, file), text)
    await symlink(name, join(dir, '..data_tmp'))
    await rename(join(dir, '..data_tmp'), join(dir, '..data'))
  }

  await update(contents)
  for (const file of Object.keys(contents)) await symlink(join('..data', file), join(dir, file))
  return { path: (file) => join(dir, file), update, remove: () => rm(dir, { recursive: true }) }
}
