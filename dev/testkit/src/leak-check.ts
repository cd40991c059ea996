/** Vitest setup file: fails a test file that leaves a server, socket, timer or child process open. */
import { afterAll } from 'vitest'
import { killLeftovers } from './process/child-process.ts'
import { eventually } from './eventually.ts'

/** Time for resources that are still closing when the last test ends, in milliseconds. */
const GRACE_MS = 5_000

const NAMES: Readonly<Record<string, string>> = {
  PipeWrap: 'pipe',
  ProcessWrap: 'child process',
  TCPServerWrap: 'server',
  TCPSocketWrap: 'socket',
  Timeout: 'timer',
}

// Node opens these at first use. If that happens in a test it is not a leak.
void [process.stdin, process.stdout, process.stderr]
const before = countOpen()

// Hooks run in reverse order: this one is last.
afterAll(async () => {
  await eventually(assertNothingLeftOpen, { timeout: GRACE_MS }).finally(killLeftovers)
})

function assertNothingLeftOpen(): void {
  const left = [...countOpen()]
    .map(([kind, count]) => ({ name: NAMES[kind] ?? kind, count: count - (before.get(kind) ?? 0) }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${count} × ${name}`)
  if (left.length > 0) throw new Error(`this test file left open: ${left.join(', ')}`)
}

function countOpen(): Map<string, number> {
  const kinds = Map.groupBy(process.getActiveResourcesInfo(), (kind) => kind)
  return new Map([...kinds].map(([kind, all]) => [kind, all.length]))
}
