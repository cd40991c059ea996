import type { FaultRule } from '@opifer/devcluster'
import type { Random } from './random.ts'
import { type Action, type LinkFault, linkNames, processNames, type Step } from './steps.ts'

/** Between two and eight faults at random moments. */
export function drawFaults(random: Random, window: number): Step[] {
  return Array.from({ length: random.int(2, 8) }, () => ({
    at: random.int(20, window - 200),
    action: drawFault(random),
  }))
}

/**
 * In one seed of four the API server goes down for a moment as servers do: what it was asked for is done, but neither the
 * answer comes through nor what the watches would tell of it.
 */
export function drawBlackout(random: Random, window: number): Step[] {
  if (!random.chance(0.25)) return []
  const at = random.int(100, window - 800)
  const lasts = random.int(300, 800)
  const times = random.int(1, 5)
  return [
    { verb: 'create', resource: 'jobs', times, fault: { type: 'commit-then-cut' } } as const,
    { verb: 'watch', resource: 'jobs', fault: { type: 'late-events', milliseconds: 2_000 } } as const,
  ].map((rule) => ({ at, action: { kind: 'api-rule', rule, lasts } }))
}

/** How often each kind is drawn, beside the others. A process that is started anew costs most time, and so is not drawn most. */
const KINDS: readonly [weight: number, draw: (random: Random) => Action][] = [
  [5, endProcess],
  [2, (random) => ({ kind: 'freeze-process', process: random.pick(processNames), lasts: duration(random) })],
  [1, (random) => ({ kind: 'roll', app: random.pick(['ingest', 'worker', 'worker']) })],
  [3, (random) => ({ kind: 'redis-crash', down: random.int(0, 700) })],
  [1, (random) => ({ kind: 'redis-freeze', lasts: duration(random) })],
  [8, link],
  [8, apiRule],
  [3, (random) => ({ kind: 'api-switch', what: random.pick(['cutWatches', 'cutStreams', 'expireHistory']) })],
  [3, (random) => ({ kind: 'api-outage', what: random.pick(['pause', 'refuse']), lasts: duration(random) })],
  [3, (random) => ({ kind: 'delete-job', chosen: random.next() })],
  [2, clock],
]

function drawFault(random: Random): Action {
  const total = KINDS.reduce((sum, [weight]) => sum + weight, 0)
  let ticket = random.int(1, total)
  for (const [weight, draw] of KINDS) {
    ticket -= weight
    if (ticket <= 0) return draw(random)
  }
  throw new Error('weights do not add up')
}

function endProcess(random: Random): Action {
  return {
    kind: 'end-process',
    process: random.pick(processNames),
    signal: random.pick(['SIGKILL', 'SIGKILL', 'SIGTERM']),
    down: random.int(0, 300),
  }
}

function link(random: Random): Action {
  return { kind: 'link', link: random.pick(linkNames), fault: linkFault(random), lasts: duration(random) }
}

function linkFault(random: Random): LinkFault {
  const type = random.pick(['cut', 'stall', 'slow'] as const)
  return type === 'slow' ? { type, latency: random.int(10, 250) } : { type }
}

/** Long enough at times for a lock to run out, which the runs set to a second. */
function duration(random: Random): number {
  return random.chance(0.7) ? random.int(20, 500) : random.int(500, 2_000)
}

function clock(random: Random): Action {
  const step = random.pick([-1, 1]) * random.pick([2_000, 45_000, 600_000])
  return { kind: 'clock', process: random.pick(processNames), step, lasts: duration(random) }
}

function apiRule(random: Random): Action {
  const rule = { ...random.pick(RULES)(random), ...extent(random) }
  return { kind: 'api-rule', rule, lasts: duration(random) + 300 }
}

/** A few requests, or a share of all. */
function extent(random: Random): Pick<FaultRule, 'times' | 'probability'> {
  return random.chance(0.6) ? { times: random.int(1, 6) } : { probability: random.pick([0.2, 0.5, 0.9]) }
}

const RULES: readonly ((random: Random) => FaultRule)[] = [
  () => ({ verb: 'create', resource: 'jobs', fault: { type: 'status', code: 409 } }),
  (random) => ({ verb: random.pick(['list', 'watch']), fault: { type: 'status', code: 410 } }),
  (random) => ({ ...job(random), fault: { type: 'status', code: 429, retryAfterSeconds: random.int(0, 2) } }),
  (random) => ({ ...job(random), fault: { type: 'status', code: random.pick([500, 503, 504]) } }),
  (random) => ({ verb: random.pick(['list', 'watch']), fault: { type: 'status', code: random.pick([429, 500]) } }),
  () => ({ resource: 'pods', fault: { type: 'status', code: 500 } }),
  (random) => ({ ...job(random), fault: { type: 'cut' } }),
  () => ({ verb: 'create', resource: 'jobs', fault: { type: 'commit-then-cut' } }),
  () => ({ verb: 'create', resource: 'jobs', fault: { type: 'commit-then-hang' } }),
  (random) => ({ ...job(random), fault: { type: 'latency', milliseconds: random.int(20, 1_500) } }),
  () => ({ verb: 'watch', fault: { type: 'silent-watch' } }),
  () => ({ verb: 'watch', fault: { type: 'duplicate-events' } }),
  () => ({ verb: 'watch', fault: { type: 'stale-events' } }),
  (random) => ({ verb: 'watch', fault: { type: 'late-events', milliseconds: random.int(50, 1_500) } }),
]

function job(random: Random): Pick<FaultRule, 'verb' | 'resource'> {
  return { verb: random.pick(['create', 'create', 'get']), resource: 'jobs' }
}
