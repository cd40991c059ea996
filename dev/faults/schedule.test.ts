import { expect, test } from 'vitest'
import { makeSchedule } from './schedule.ts'
import type { Action } from './steps.ts'

const SEEDS = Array.from({ length: 400 }, (_, index) => index + 1)
const actions = SEEDS.flatMap((seed) => makeSchedule(seed).steps.map(({ action }) => action))

test('a seed always gives the same schedule, another seed another', () => {
  expect(makeSchedule(42)).toEqual(makeSchedule(42))
  expect(makeSchedule(42)).not.toEqual(makeSchedule(43))
})

test.each(SEEDS.slice(0, 50))('the steps of seed %d come in order, and all before it is healed', (seed) => {
  const { steps, healAt } = makeSchedule(seed)
  const times = steps.map(({ at }) => at)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(times.at(-1)).toBeLessThanOrEqual(healAt + 50)
  expect(times[0]).toBeGreaterThanOrEqual(0)
})

test('every seed has posts and faults', () => {
  for (const seed of SEEDS) {
    const kinds = makeSchedule(seed).steps.map(({ action }) => action.kind)
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
])('%s is drawn', (kind) => {
  expect(actions.filter((action) => action.kind === kind).length).toBeGreaterThan(10)
})

test('posts hold twins, ends, new firings and alerts that are wrong', () => {
  const posts = actions.flatMap((action) => (action.kind === 'post' ? [action] : []))
  const alerts = posts.flatMap(({ post }) => post.alerts)
  expect(posts.some(({ from }) => from === 'twin')).toBe(true)
  expect(alerts.some(({ status }) => status === 'resolved')).toBe(true)
  expect(alerts.some(({ status, episode }) => status === 'firing' && episode > 0)).toBe(true)
  expect(alerts.some(({ defective }) => defective)).toBe(true)
})

test.each(['409', '410', '429', '500', '503', 'commit-then-cut', 'commit-then-hang', 'silent-watch', 'stale-events'])(
  'the API misbehaves by %s',
  (what) => {
    const rules = actions.flatMap((action) => (action.kind === 'api-rule' ? [action.rule.fault] : []))
    expect(rules.some((fault) => fault.type === what || ('code' in fault && String(fault.code) === what))).toBe(true)
  },
)
