/**
 * A setup file for vitest: a test file that leaves a server, a socket, a timer or a child process open fails.
 */
import { afterAll } from 'vitest'
import { killLeftovers } from './child-process.ts'
import { eventually } from './eventually.ts'

/** What is being closed when the last test ends may take this long. */
const GRACE = 5_000

const NAMES: Readonly<Record<string, string>> = {
  PipeWrap: 'pipe',
  ProcessWrap: 'child process',
  TCPServerWrap: 'server',
  TCPSocketWrap: 'socket',
  Timeout: 'timer',
}

// Node opens these at their first use, which may be in a test and is no leak.
void [process.stdin, process.stdout, process.stderr]
const before = countOpen()

// The hook that was registered first runs last.
afterAll(async () => {
  await eventually(assertNothingLeftOpen, { timeout: GRACE }).finally(killLeftovers)
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
