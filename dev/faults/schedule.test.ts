import { expect, test } from 'vitest'
import type { Action } from './actions.ts'
import { scheduleOf } from './schedule.ts'

const SEEDS = Array.from({ length: 400 }, (_, index) => index + 1)
const actions = SEEDS.flatMap((seed) => scheduleOf(seed).steps.map(({ action }) => action))

test('a seed always gives the same schedule', () => {
  expect(scheduleOf(42)).toEqual(scheduleOf(42))
  expect(scheduleOf(42)).not.toEqual(scheduleOf(43))
})

test.each(SEEDS.slice(0, 50))('seed %d schedules its steps in order and before everything is healed', (seed) => {
  const { steps, healAt } = scheduleOf(seed)
  const times = steps.map(({ at }) => at)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(times.at(-1)).toBeLessThanOrEqual(healAt + 50)
  expect(times[0]).toBeGreaterThanOrEqual(0)
})

test('every schedule has posts and at least two faults', () => {
  for (const seed of SEEDS) {
    const kinds = scheduleOf(seed).steps.map(({ action }) => action.kind)
    expect(kinds).toContain('post')
    expect(kinds.filter((kind) => kind !== 'post' && kind !== 'garbage').length).toBeGreaterThanOrEqual(2)
  }
})

test.each<Action['kind']>([
  'post',
  'garbage',
  'end-process',
  'freeze-process',
  'roll',
  'redis-crash',
  'redis-freeze',
  'link',
  'api-rule',
  'api-switch',
  'api-outage',
  'delete-job',
  'clock',
])('schedules include %s', (kind) => {
  expect(actions.filter((action) => action.kind === kind).length).toBeGreaterThan(10)
})

test('posts include twins, resolved alerts, later firings and invalid alerts', () => {
  const posts = actions.flatMap((action) => (action.kind === 'post' ? [action] : []))
  const alerts = posts.flatMap(({ post }) => post.alerts)
  expect(posts.some(({ from }) => from === 'twin')).toBe(true)
  expect(alerts.some(({ status }) => status === 'resolved')).toBe(true)
  expect(alerts.some(({ status, episode }) => status === 'firing' && episode > 0)).toBe(true)
  expect(alerts.some(({ invalid }) => invalid)).toBe(true)
})

test('posts include an alert that fires three times', () => {
  const alerts = actions.flatMap((action) => (action.kind === 'post' ? action.post.alerts : []))
  expect(alerts.some(({ alertname, episode }) => alertname === 'FaultFlapping' && episode >= 2)).toBe(true)
})

test('Jobs are deleted while they run and after they have finished', () => {
  const deletions = actions.flatMap((action) => (action.kind === 'delete-job' ? [action.which] : []))
  expect(new Set(deletions)).toEqual(new Set(['running', 'finished']))
})

test('a few schedules are left unaided', () => {
  const unaided = SEEDS.filter((seed) => scheduleOf(seed).unaided)
  expect(unaided.length).toBeGreaterThan(0)
  expect(unaided.length).toBeLessThan(SEEDS.length / 10)
})

test.each(['409', '410', '429', '500', '503', 'commit-then-cut', 'commit-then-hang', 'silent-watch', 'stale-events'])(
  'the API server misbehaves by %s',
  (what) => {
    const rules = actions.flatMap((action) => (action.kind === 'api-rule' ? [action.rule.fault] : []))
    expect(rules.some((fault) => fault.type === what || ('code' in fault && String(fault.code) === what))).toBe(true)
  },
)
