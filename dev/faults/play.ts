import { setTimeout as delay } from 'node:timers/promises'
import { describeAction, type Schedule } from './actions.ts'
import { check } from './checker.ts'
import { Deliveries } from './deliveries.ts'
import type { Environment } from './environment.ts'
import { type LogLine, renderEventLog } from './event-log.ts'
import type { History } from './history.ts'
import { perform } from './perform.ts'
import type { QueueSnapshot } from './queue-snapshot.ts'
import type { Violation } from './violations.ts'

export interface PlayResult {
  violations: Violation[]
  acknowledged: number
  jobs: number
  /** Runs with a recorded outcome. */
  recorded: number
  /** Milliseconds. */
  took: number
  /** What happened, in order of time. */
  eventLog: () => string
}

export interface PlayDeps {
  environment: Environment
  queue: QueueSnapshot
  /** Unique among the plays of an environment. */
  scope: string
}

/** Plays a schedule, waits until everything is quiet, and checks the history. */
export async function play(schedule: Schedule, { environment, queue, scope }: PlayDeps): Promise<PlayResult> {
  const start = Date.now()
  const lines: LogLine[] = []
  const note = (text: string) => void lines.push({ at: Date.now(), text })
  const history = emptyHistory(schedule.steps.some(({ action }) => action.kind === 'clock'))
  environment.listener = {
    note,
    crashed: (text) => history.crashes.push(text),
    onJob: (event) => history.jobs.push(event),
  }
  await queue.events()
  const giveUp = new AbortController()
  const deliveries = new Deliveries(environment, history, { scope, note, giveUp: giveUp.signal })
  await playSteps(schedule, { environment, history, deliveries, note })
  // All faults are over: a webhook that still has no answer by then is a violation.
  const timer = setTimeout(() => giveUp.abort(), GIVE_UP_MS)
  await deliveries.done()
  clearTimeout(timer)
  const { unaided } = schedule
  const isQuiet = await queue.untilQuiet({ timeout: unaided ? UNAIDED_QUIET_MS : QUIET_MS, promote: !unaided })
  note(isQuiet ? 'quiet' : 'still not quiet')
  await collect(history, queue)
  const violations = check(history)
  if (violations.length === 0) await queue.forgetFinished()
  return {
    violations,
    acknowledged: history.acknowledged.length,
    jobs: history.jobs.filter(({ type }) => type === 'ADDED').length,
    recorded: history.runs.filter(({ run }) => run?.result !== undefined).length,
    took: Date.now() - start,
    eventLog: () => renderEventLog([...lines, ...linesOf(history)], start),
  }
}

/** Only what hangs forever reaches these limits, however busy the machine is. */
const GIVE_UP_MS = 90_000
const QUIET_MS = 120_000
/** Includes the time to notice a silent watch and the longest delay between two polls. */
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

interface StepDeps {
  environment: Environment
  history: History
  deliveries: Deliveries
  note: (text: string) => void
}

/** Takes every step at its time, then heals everything. */
async function playSteps({ steps, healAt, unaided }: Schedule, deps: StepDeps): Promise<void> {
  const { environment, history, deliveries, note } = deps
  const start = performance.now()
  const heal = new AbortController()
  const faults: Promise<void>[] = []
  for (const { at, action } of steps) {
    await delay(Math.max(0, start + at - performance.now()))
    if (action.kind === 'post' || action.kind === 'garbage') deliveries.send(action)
    else {
      note(`fault: ${describeAction(action)}`)
      faults.push(perform(action, { environment, history, heal: heal.signal }))
    }
  }
  await delay(Math.max(0, start + healAt - performance.now()))
  note('healing')
  heal.abort()
  await Promise.all(faults)
  environment.cluster.faults?.clear()
  if (!unaided) cutConnections(environment)
  await Promise.all([...environment.processes.values()].map((process) => process.settled()))
  note('healed')
}

/** The product would notice hanging connections on its own, but only after half a minute. */
function cutConnections({ links, cluster }: Environment): void {
  for (const link of links.values()) {
    link.cut()
    link.restore()
  }
  cluster.faults?.cutStreams()
}

async function collect(history: History, queue: QueueSnapshot): Promise<void> {
  history.queue = await queue.events()
  const ids = new Set([
    ...history.queue.filter(({ type }) => type === 'added').map(({ runId }) => runId),
    ...history.acknowledged.flatMap(({ receipt }) => receipt?.runId ?? []),
  ])
  history.runs = await queue.runs(ids)
  history.leftovers = await queue.leftovers()
}

function linesOf({ jobs, queue, runs }: History): LogLine[] {
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
