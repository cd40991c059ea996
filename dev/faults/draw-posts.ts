import { ALERTNAMES, type AlertPost, type GroupPost } from './alerts.ts'
import type { Random } from './random.ts'
import { INGESTS, type Step } from './steps.ts'

/** The posts of some groups of alerts, each group with a story of its own, and some that are no webhooks at all. */
export function drawPosts(random: Random, window: number): Step[] {
  const groups = Array.from({ length: random.int(2, 5) }, (_, index) => drawStory(random, `g${index}`, window))
  const garbage = Array.from({ length: random.int(0, 2) }, () => drawGarbage(random, window))
  return [...groups.flat(), ...garbage]
}

function drawStory(random: Random, group: string, window: number): Step[] {
  let alerts = Array.from({ length: random.int(1, 5) }, (_, index) => drawAlert(random, index))
  let at = random.int(0, Math.round(window * 0.6))
  const steps: Step[] = []
  for (let chapter = random.int(1, 4); chapter > 0 && at < window; chapter--) {
    steps.push(...drawNotification(random, { group, alerts }, at))
    alerts = alerts.map((alert) => drawNext(random, alert))
    at += random.int(20, Math.round(window * 0.5))
  }
  return steps
}

/** Most alerts should lead to a Job. */
const WORKING = ['FaultQuick', 'FaultSlow', 'FaultFailing', 'FaultRestarting', 'FaultBrief', 'FaultAgain'] as const

function drawAlert(random: Random, index: number): AlertPost {
  return {
    alertname: random.pick(random.chance(0.8) ? WORKING : ALERTNAMES),
    instance: `host-${index}`,
    status: random.chance(0.9) ? 'firing' : 'resolved',
    episode: 0,
    defective: random.chance(0.07),
  }
}

/** A notification comes from one Alertmanager, or from two that don't know of each other in time. */
function drawNotification(random: Random, post: GroupPost, at: number): Step[] {
  const ingest = random.int(0, INGESTS - 1)
  const first: Step = { at, action: { kind: 'post', from: 'first', ingest, post } }
  if (!random.chance(0.35)) return [first]
  const other = (ingest + 1) % INGESTS
  const twin: Step = { at: at + random.int(0, 40), action: { kind: 'post', from: 'twin', ingest: other, post } }
  return [first, twin]
}

/** What has become of an alert by the next notification of its group. */
function drawNext(random: Random, alert: AlertPost): AlertPost {
  if (random.chance(0.5)) return alert
  return alert.status === 'firing'
    ? { ...alert, status: 'resolved' }
    : { ...alert, status: 'firing', episode: alert.episode + 1 }
}

const GARBAGE = [
  { body: '', contentType: 'application/json' },
  { body: '{"version":"4","groupKey":', contentType: 'application/json' },
  { body: '[]', contentType: 'application/json' },
  { body: '{"version":"3","groupKey":"{}","receiver":"r","alerts":[]}', contentType: 'application/json' },
  { body: '{"version":"4","groupKey":"{}","receiver":"r","alerts":"all"}', contentType: 'application/json' },
  { body: 'version=4', contentType: 'application/x-www-form-urlencoded' },
  { body: `{"padding":"${'x'.repeat(70_000)}"}`, contentType: 'application/json' },
] as const

function drawGarbage(random: Random, window: number): Step {
  const at = random.int(0, window)
  return { at, action: { kind: 'garbage', ingest: random.int(0, INGESTS - 1), ...random.pick(GARBAGE) } }
}
