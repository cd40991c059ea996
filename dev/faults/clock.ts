/**
 * Preloaded into ingest and workers (`node --import`): steps their wall clock from outside, as NTP or an operator would,
 * and leaves timers alone. The step, in milliseconds, is read from a file named after the process id.
 */
import { readFileSync, watch } from 'node:fs'
import { join } from 'node:path'

const folder = process.env['OPIFER_FAULTS_CLOCKS']
if (folder !== undefined) follow(folder)

function follow(clocks: string): void {
  const file = String(process.pid)
  let step = 0
  const RealDate = Date
  globalThis.Date = class extends RealDate {
    constructor(...args: unknown[]) {
      super(...((args.length === 0 ? [RealDate.now() + step] : args) as [number]))
    }

    static override now(): number {
      return RealDate.now() + step
    }
  } as DateConstructor
  watch(clocks, { persistent: false }, (_change, changed) => {
    if (changed === file) step = readStep(join(clocks, file))
  })
}

function readStep(path: string): number {
  return Number(readFileSync(path, 'utf8')) || 0
}
