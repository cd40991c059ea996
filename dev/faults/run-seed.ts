import { setTimeout as delay } from 'node:timers/promises'
import { check, type Violation } from './checker.ts'
import { Deliveries } from './deliveries.ts'
import type { History } from './history.ts'
import { perform } from './perform.ts'
import type { QueueEye } from './queue-eye.ts'
import { makeSchedule } from './schedule.ts'
import { describeAction, type Schedule } from './steps.ts'
import { type Line, renderTimeline } from './timeline.ts'
import type { World } from './world.ts'

export interface SeedResult {
  seed: number
  violations: Violation[]
  acknowledged: number
  jobs: number
  recorded: number
  /** Milliseconds. */
  took: number
  /** What happened in order of time. */
  timeline: () => string
}

/** Plays the schedule of one seed in a world, waits until all is quiet, and checks what came of it. */
export async function runSeed(seed: number, world: World, eye: QueueEye): Promise<SeedResult> {
  const schedule = makeSchedule(seed)
  const start = Date.now()
  const lines: Line[] = []
  const note = (text: string) => void lines.push({ at: Date.now(), text })
  const history = emptyHistory(schedule.steps.some(({ action }) => action.kind === 'clock'))
  world.listener = {
    note,
    crashed: (text) => history.crashes.push(text),
    onJob: (event) => history.jobs.push(event),
    onDeletedByHand({ name, uid }) {
      note(`deleted Job ${name}`)
      history.deletedByHand.push(uid)
    },
  }
  await eye.events()
  const giveUp = new AbortController()
  const deliveries = new Deliveries(world, history, { scope: `seed ${seed}`, note, giveUp: giveUp.signal })
  await play(schedule, world, { deliveries, note })
  // Everything is well again: whoever still does not get through by then has a reason to complain.
  const timer = setTimeout(() => giveUp.abort(), GIVE_UP_MS)
  await deliveries.done()
  clearTimeout(timer)
  const { unaided } = schedule
  const quiet = await eye.untilQuiet({ timeout: unaided ? UNAIDED_QUIET_MS : QUIET_MS, wake: !unaided })
  note(quiet ? 'all is quiet' : 'still not quiet')
  await collect(history, eye)
  const violations = check(history)
  if (violations.length === 0) await eye.forgetFinished()
  return {
    seed,
    violations,
    acknowledged: history.acknowledged.length,
    jobs: history.jobs.filter(({ type }) => type === 'ADDED').length,
    recorded: history.runs.filter(({ run }) => run?.result !== undefined).length,
    took: Date.now() - start,
    timeline: () => renderTimeline([...lines, ...linesOf(history)], start),
  }
}

/** Bounds that only what hangs for ever comes up to, however busy the machine is. */
const GIVE_UP_MS = 90_000
const QUIET_MS = 120_000
/** Time for a silent watch to be noticed and for the longest pause between two looks, besides. */
const UNAIDED_QUIET_MS = 240_000

function emptyHistory(clockStepped: boolean): History {
  return {
    sent: [],
    acknowledged: [],
    wrongAnswers: [],
    jobs: [],
    deletedByHand: [],
    queue: [],
    runs: [],
    leftovers: [],
    clockStepped,
    crashes: [],
  }
}

interface Play {
  deliveries: Deliveries
  note: (text: string) => void
}

/** Does every step at its time, and heals everything when that is over. */
async function play({ steps, healAt, unaided }: Schedule, world: World, { deliveries, note }: Play): Promise<void> {
  const start = performance.now()
  const heal = new AbortController()
  const faults: Promise<void>[] = []
  for (const { at, action } of steps) {
    await delay(Math.max(0, start + at - performance.now()))
    if (action.kind === 'post' || action.kind === 'garbage') deliveries.send(action)
    else {
      note(`fault: ${describeAction(action)}`)
      faults.push(perform(action, world, heal.signal))
    }
  }
  await delay(Math.max(0, start + healAt - performance.now()))
  note('healing')
  heal.abort()
  await Promise.all(faults)
  world.cluster.faults?.clear()
  if (!unaided) cutOff(world)
  await Promise.all([...world.processes.values()].map((process) => process.settled()))
  note('healed')
}

/** What hangs would be noticed by itself, but only after half a minute. */
function cutOff({ links, cluster }: World): void {
  for (const link of links.values()) {
    link.cut()
    link.restore()
  }
  cluster.faults?.cutStreams()
}

async function collect(history: History, eye: QueueEye): Promise<void> {
  history.queue = await eye.events()
  const ids = new Set([
    ...history.queue.filter(({ type }) => type === 'added').map(({ runId }) => runId),
    ...history.acknowledged.flatMap(({ receipt }) => receipt?.runId ?? []),
  ])
  history.runs = await eye.runs(ids)
  history.leftovers = await eye.leftovers()
}

function linesOf({ jobs, queue, runs }: History): Line[] {
  return [
    ...jobs.map(({ at, type, name, runId, state }) => ({ at, text: `Job ${name} ${type} ${state}, run ${runId}` })),
    ...queue.map(({ at, type, runId }) => ({ at, text: `queue: ${type} ${runId}` })),
    ...runs.flatMap(({ id, run }) =>
      run?.result
        ? [
            {
              at: run.result.finishedAt,
              text: `run ${id} of ${run.alert.alertname} ${run.alert.status}: ${run.result.outcome}`,
            },
          ]
        : [],
    ),
  ]
}
