import type { FaultRule } from '@opifer/devcluster'
import * as fc from 'fast-check'
import { type FaultAction, LINK_NAMES, type LinkFault, PROCESS_NAMES, type Step, WORKER_NAMES } from './actions.ts'
import { droppable, present } from './droppable.ts'

/** Between two and eight faults at random moments of a window of so many milliseconds; fewer after shrinking. */
export function faults(window: number): fc.Arbitrary<Step[]> {
  const step = fc.record({ at: int(20, window - 200), action: fault() })
  return fc.array(droppable(step), { minLength: 2, maxLength: 8, size: 'max' }).map(present)
}

/**
 * In one schedule of four the API server goes down for a moment: it executes what it is asked for, but neither its answers
 * nor its watch events get through.
 */
export function blackout(window: number): fc.Arbitrary<Step[]> {
  const steps = fc
    .record({ at: int(100, window - 800), lasts: int(300, 800), times: int(1, 5) })
    .map(({ at, lasts, times }): Step[] =>
      [
        { verb: 'create', resource: 'jobs', times, fault: { type: 'commit-then-cut' } } as const,
        { verb: 'watch', resource: 'jobs', fault: { type: 'late-events', milliseconds: 2_000 } } as const,
      ].map((rule) => ({ at, action: { kind: 'api-rule', rule, lasts } })),
    )
  return inOneOfFour(steps, [])
}

/**
 * In one schedule of four all workers but one are frozen in the middle of slow creates, for long enough that the one takes
 * their runs over and finishes them. Then they continue where they were.
 *
 * @returns the steps for a schedule whose first webhook is posted at `firstPost`
 */
export function takeover(): fc.Arbitrary<(firstPost: number) => Step[]> {
  const draws = fc.record({
    after: int(50, 250),
    latency: int(250, 400),
    survivor: fc.constantFrom(...WORKER_NAMES),
    lasts: int(1_800, 2_200),
  })
  const steps = draws.map(({ after, latency, survivor, lasts }) => (firstPost: number): Step[] => {
    const rule = { verb: 'create', resource: 'jobs', fault: { type: 'latency', milliseconds: latency } } as const
    const frozen = WORKER_NAMES.filter((name) => name !== survivor)
    return [
      { at: firstPost, action: { kind: 'api-rule', rule, lasts: after + lasts } },
      ...frozen.map(
        (name): Step => ({ at: firstPost + after, action: { kind: 'freeze-process', process: name, lasts } }),
      ),
    ]
  })
  return inOneOfFour(steps, () => [])
}

function inOneOfFour<T>(part: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 3, arbitrary: fc.constant(otherwise) },
    { weight: 1, arbitrary: fc.noShrink(part) },
  )
}

/** Restarting a process takes most time, so that is not drawn most often. */
function fault(): fc.Arbitrary<FaultAction> {
  return fc.oneof(
    { weight: 5, arbitrary: endProcess() },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('freeze-process'), process: anyProcess(), lasts: duration() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('roll'), app: fc.constantFrom('ingest', 'worker', 'worker') }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('redis-crash'), down: int(0, 700) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('redis-freeze'), lasts: duration() }) },
    { weight: 8, arbitrary: link() },
    { weight: 8, arbitrary: apiRule() },
    { weight: 3, arbitrary: apiSwitch() },
    { weight: 3, arbitrary: apiOutage() },
    { weight: 4, arbitrary: deleteJob() },
    { weight: 2, arbitrary: clock() },
  )
}

function endProcess(): fc.Arbitrary<FaultAction> {
  return fc.record({
    kind: fc.constant('end-process'),
    process: anyProcess(),
    signal: fc.constantFrom('SIGKILL', 'SIGKILL', 'SIGTERM'),
    down: int(0, 300),
  })
}

function link(): fc.Arbitrary<FaultAction> {
  const disturbance: fc.Arbitrary<LinkFault> = fc.oneof(
    fc.record({ type: fc.constantFrom('cut', 'stall') }),
    fc.record({ type: fc.constantFrom('cut', 'stall') }),
    fc.record({ type: fc.constant('slow'), latency: int(10, 250) }),
  )
  return fc.record({
    kind: fc.constant('link'),
    link: fc.constantFrom(...LINK_NAMES),
    fault: disturbance,
    lasts: duration(),
  })
}

function apiSwitch(): fc.Arbitrary<FaultAction> {
  return fc.record({
    kind: fc.constant('api-switch'),
    what: fc.constantFrom('cutWatches', 'cutStreams', 'expireHistory'),
  })
}

function apiOutage(): fc.Arbitrary<FaultAction> {
  return fc.record({ kind: fc.constant('api-outage'), what: fc.constantFrom('pause', 'refuse'), lasts: duration() })
}

function deleteJob(): fc.Arbitrary<FaultAction> {
  return fc.record({
    kind: fc.constant('delete-job'),
    which: fc.constantFrom('running', 'running', 'finished'),
    // fc.double() would be close to 0 most of the time.
    chosen: int(0, 999).map((thousandths) => thousandths / 1_000),
  })
}

function clock(): fc.Arbitrary<FaultAction> {
  return fc.record({
    kind: fc.constant('clock'),
    process: anyProcess(),
    step: fc.constantFrom(-600_000, -45_000, -2_000, 2_000, 45_000, 600_000),
    lasts: duration(),
  })
}

function apiRule(): fc.Arbitrary<FaultAction> {
  // For a few requests, or for a share of all.
  const extent: fc.Arbitrary<Pick<FaultRule, 'times' | 'probability'>> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ times: int(1, 6) }) },
    { weight: 2, arbitrary: fc.record({ probability: fc.constantFrom(0.2, 0.5, 0.9) }) },
  )
  return fc
    .tuple(fc.oneof(...RULES), extent, duration())
    .map(([rule, limits, lasts]) => ({ kind: 'api-rule', rule: { ...rule, ...limits }, lasts: lasts + 300 }))
}

const JOB_CALLS: readonly Pick<FaultRule, 'verb' | 'resource'>[] = [
  { verb: 'create', resource: 'jobs' },
  { verb: 'create', resource: 'jobs' },
  { verb: 'get', resource: 'jobs' },
]

const RULES: readonly fc.Arbitrary<FaultRule>[] = [
  fc.constant({ verb: 'create', resource: 'jobs', fault: { type: 'status', code: 409 } }),
  informerRule(410),
  jobRule(int(0, 2).map((retryAfterSeconds) => ({ type: 'status', code: 429, retryAfterSeconds }))),
  jobRule(fc.constantFrom(500, 503, 504).map((code) => ({ type: 'status', code }))),
  informerRule(429, 500),
  fc.constant({ resource: 'pods', fault: { type: 'status', code: 500 } }),
  jobRule(fc.constant({ type: 'cut' })),
  fc.constant({ verb: 'create', resource: 'jobs', fault: { type: 'commit-then-cut' } }),
  fc.constant({ verb: 'create', resource: 'jobs', fault: { type: 'commit-then-hang' } }),
  jobRule(int(20, 1_500).map((milliseconds) => ({ type: 'latency', milliseconds }))),
  fc.constant({ verb: 'watch', fault: { type: 'silent-watch' } }),
  fc.constant({ verb: 'watch', fault: { type: 'duplicate-events' } }),
  fc.constant({ verb: 'watch', fault: { type: 'stale-events' } }),
  int(50, 1_500).map((milliseconds) => ({ verb: 'watch', fault: { type: 'late-events', milliseconds } })),
]

function jobRule(what: fc.Arbitrary<FaultRule['fault']>): fc.Arbitrary<FaultRule> {
  return fc.tuple(fc.constantFrom(...JOB_CALLS), what).map(([calls, faultOf]) => ({ ...calls, fault: faultOf }))
}

function informerRule(...codes: number[]): fc.Arbitrary<FaultRule> {
  return fc
    .tuple(fc.constantFrom('list', 'watch'), fc.constantFrom(...codes))
    .map(([verb, code]) => ({ verb, fault: { type: 'status', code } }))
}

function anyProcess(): fc.Arbitrary<(typeof PROCESS_NAMES)[number]> {
  return fc.constantFrom(...PROCESS_NAMES)
}

/** At times long enough for a lock to expire, which takes a second in these runs. */
function duration(): fc.Arbitrary<number> {
  return fc.oneof({ weight: 7, arbitrary: int(20, 500) }, { weight: 3, arbitrary: int(500, 2_000) })
}

function int(min: number, max: number): fc.Arbitrary<number> {
  return fc.integer({ min, max })
}
