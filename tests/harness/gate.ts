import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shell } from './operario.ts'

/** Holds a container up until the test lets it go on. */
export interface Gate {
  /** Waits, and then succeeds. */
  command: string[]
  open(): Promise<void>
  remove(): Promise<void>
}

export function makeGate(): Gate {
  const path = join(tmpdir(), `opifer-gate-${randomUUID()}`)
  return {
    command: shell(`while [ ! -e ${path} ]; do sleep 0.05; done`),
    open: () => writeFile(path, ''),
    remove: () => rm(path, { force: true }),
  }
}
