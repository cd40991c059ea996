import * as fc from 'fast-check'
import { type GarbageAction, INGESTS, type Step } from './actions.ts'
import { ALERTNAMES, type Alertname, type AlertPost, type GroupPost } from './alerts.ts'
import { droppable, present } from './droppable.ts'

/** The posts of two to five groups of alerts within a window of so many milliseconds, and some that are no webhooks. */
export function posts(window: number): fc.Arbitrary<Step[]> {
  const group = fc.oneof(
    { weight: 4, arbitrary: ordinaryGroup(window) },
    { weight: 1, arbitrary: flappingGroup(window) },
  )
  const groups = fc.array(group, { minLength: 2, maxLength: 5, size: 'max' })
  const garbage = fc.array(droppable(garbageStep(window)), { maxLength: 2, size: 'max' }).map(present)
  return fc
    .tuple(groups, garbage)
    .map(([stories, noise]) => [...stories.flatMap((story, index) => stepsOf(story, `g${index}`, window)), ...noise])
}

/** The course of a group: its first alerts, and its notifications. */
interface Story {
  startsAt: number
  alerts: (Omit<AlertPost, 'instance' | 'episode'> | undefined)[]
  notifications: (Notification | undefined)[]
}

interface Notification {
  /** Milliseconds since the notification before. */
  after: number
  ingest: number
  /** Milliseconds until the twin sends the same, to another ingest. */
  twinAfter: number | undefined
  /** For each alert of the group, whether it has changed its status. */
  changes: boolean[]
}

const MAX_ALERTS = 5

function ordinaryGroup(window: number): fc.Arbitrary<Story> {
  return fc.record({
    startsAt: fc.noShrink(int(0, Math.round(window * 0.6))),
    alerts: fc.array(droppable(alert()), { minLength: 1, maxLength: MAX_ALERTS, size: 'max' }),
    notifications: notifications({ min: 1, max: 4, maxAfter: Math.round(window * 0.5), changes: fc.boolean() }),
  })
}

/** One alert that fires and resolves again and again, so that several of its runs and Jobs exist within seconds. */
function flappingGroup(window: number): fc.Arbitrary<Story> {
  return fc.record({
    startsAt: fc.noShrink(int(0, Math.round(window * 0.3))),
    alerts: fc.constant([{ alertname: 'FaultFlapping', status: 'firing', invalid: false } as const]),
    notifications: notifications({ min: 4, max: 8, maxAfter: 500, changes: fc.constant(true) }),
  })
}

/** Most alerts should lead to a Job. */
const WORKING: readonly Alertname[] = [
  'FaultQuick',
  'FaultSlow',
  'FaultFailing',
  'FaultRestarting',
  'FaultBrief',
  'FaultBriefFailing',
  'FaultAgain',
]

function alert(): fc.Arbitrary<Omit<AlertPost, 'instance' | 'episode'>> {
  return fc.record({
    alertname: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...WORKING) },
      { weight: 1, arbitrary: fc.constantFrom(...ALERTNAMES) },
    ),
    status: fc.oneof(
      { weight: 9, arbitrary: fc.constant('firing') },
      { weight: 1, arbitrary: fc.constant('resolved') },
    ),
    invalid: chance(7),
  })
}

interface NotificationTraits {
  min: number
  max: number
  maxAfter: number
  changes: fc.Arbitrary<boolean>
}

function notifications({ min, max, maxAfter, changes }: NotificationTraits): fc.Arbitrary<Story['notifications']> {
  const notification = fc.record({
    after: int(20, maxAfter),
    ingest: int(0, INGESTS - 1),
    twinAfter: fc.oneof({ weight: 65, arbitrary: fc.constant(undefined) }, { weight: 35, arbitrary: int(0, 40) }),
    changes: fc.array(changes, { minLength: MAX_ALERTS, maxLength: MAX_ALERTS }),
  })
  return fc.array(droppable(notification), { minLength: min, maxLength: max, size: 'max' })
}

function stepsOf(story: Story, group: string, window: number): Step[] {
  let at = story.startsAt
  let alerts: (AlertPost | undefined)[] = story.alerts.map(
    (first, index) => first && { ...first, instance: `host-${index}`, episode: 0 },
  )
  const steps: Step[] = []
  for (const [index, notification] of present(story.notifications).entries()) {
    if (index > 0) {
      at += notification.after
      alerts = alerts.map((each, position) => (each && notification.changes[position] ? changed(each) : each))
    }
    if (at < window) steps.push(...notificationSteps({ group, alerts: present(alerts) }, at, notification))
  }
  return steps
}

/** From one Alertmanager, or from two that do not hear of each other in time. */
function notificationSteps(post: GroupPost, at: number, { ingest, twinAfter }: Notification): Step[] {
  if (post.alerts.length === 0) return []
  const first: Step = { at, action: { kind: 'post', from: 'first', ingest, post } }
  if (twinAfter === undefined) return [first]
  const other = (ingest + 1) % INGESTS
  return [first, { at: at + twinAfter, action: { kind: 'post', from: 'twin', ingest: other, post } }]
}

function changed(each: AlertPost): AlertPost {
  return each.status === 'firing'
    ? { ...each, status: 'resolved' }
    : { ...each, status: 'firing', episode: each.episode + 1 }
}

const GARBAGE: readonly Pick<GarbageAction, 'body' | 'contentType'>[] = [
  { body: '', contentType: 'application/json' },
  { body: '{"version":"4","groupKey":', contentType: 'application/json' },
  { body: '[]', contentType: 'application/json' },
  { body: '{"version":"3","groupKey":"{}","receiver":"r","alerts":[]}', contentType: 'application/json' },
  { body: '{"version":"4","groupKey":"{}","receiver":"r","alerts":"all"}', contentType: 'application/json' },
  { body: 'version=4', contentType: 'application/x-www-form-urlencoded' },
  { body: `{"padding":"${'x'.repeat(70_000)}"}`, contentType: 'application/json' },
]

function garbageStep(window: number): fc.Arbitrary<Step> {
  return fc
    .tuple(int(0, window), int(0, INGESTS - 1), fc.constantFrom(...GARBAGE))
    .map(([at, ingest, garbage]) => ({ at, action: { kind: 'garbage', ingest, ...garbage } }))
}

function chance(percent: number): fc.Arbitrary<boolean> {
  return fc.oneof(
    { weight: 100 - percent, arbitrary: fc.constant(false) },
    { weight: percent, arbitrary: fc.constant(true) },
  )
}

function int(min: number, max: number): fc.Arbitrary<number> {
  return fc.integer({ min, max })
}
