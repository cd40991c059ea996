import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shell } from './operario.ts'

/** Blocks a container until the test opens it. */
export interface Gate {
  /** Waits until the gate is open, then succeeds. */
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
