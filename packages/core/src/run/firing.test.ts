import { expect, test } from 'vitest'
import { isOver, type ResolvedMark } from './firing.ts'

const STARTS_AT = Date.parse('2026-11-23T03:58:54.050Z')
const RECEIVED_AT = Date.parse('2026-11-23T03:59:00Z')
const YEAR_9999 = Date.parse('9999-12-31T00:00:00Z')
const MINUTE = 60_000

test.each<{ what: string; startsAt?: number | undefined; mark: ResolvedMark; want: boolean }>([
  {
    what: 'an end after the start',
    mark: { endedAt: STARTS_AT + MINUTE, receivedAt: RECEIVED_AT + MINUTE },
    want: true,
  },
  { what: 'an end in the millisecond of the start', mark: { endedAt: STARTS_AT, receivedAt: RECEIVED_AT }, want: true },
  {
    what: 'an end after the start that arrived before the firing',
    mark: { endedAt: STARTS_AT + 1, receivedAt: RECEIVED_AT - 1 },
    want: true,
  },
  {
    what: 'an end before the start that arrived later',
    mark: { endedAt: STARTS_AT - 1, receivedAt: RECEIVED_AT + MINUTE },
    want: false,
  },
  {
    what: 'an end in the year 9999 that arrived before the start',
    mark: { endedAt: YEAR_9999, receivedAt: STARTS_AT - 1 },
    want: false,
  },
  {
    what: 'an end in the year 9999 that arrived at the start',
    mark: { endedAt: YEAR_9999, receivedAt: STARTS_AT },
    want: true,
  },
  {
    what: 'a start that the sender’s clock puts after the end, received before a delayed resolve',
    startsAt: RECEIVED_AT + MINUTE,
    mark: { endedAt: RECEIVED_AT + MINUTE - 1, receivedAt: RECEIVED_AT + MINUTE },
    want: false,
  },
  {
    what: 'a start in the year 9999 and an end before its receipt',
    startsAt: YEAR_9999,
    mark: { endedAt: RECEIVED_AT - 1, receivedAt: RECEIVED_AT },
    want: false,
  },
  { what: 'no end time and a later arrival', mark: { receivedAt: RECEIVED_AT + 1 }, want: true },
  { what: 'no end time and the same arrival', mark: { receivedAt: RECEIVED_AT }, want: true },
  { what: 'no end time and an earlier arrival', mark: { receivedAt: RECEIVED_AT - 1 }, want: false },
  {
    what: 'no start time and a later arrival',
    startsAt: undefined,
    mark: { endedAt: 0, receivedAt: RECEIVED_AT + 1 },
    want: true,
  },
  {
    what: 'no start time and an earlier arrival',
    startsAt: undefined,
    mark: { endedAt: YEAR_9999, receivedAt: RECEIVED_AT - 1 },
    want: false,
  },
])('isOver with $what is $want', ({ mark, want, ...given }) => {
  const startsAt = 'startsAt' in given ? given.startsAt : STARTS_AT
  const iso = startsAt === undefined ? undefined : new Date(startsAt).toISOString()
  expect(isOver({ startsAt: iso }, RECEIVED_AT, mark)).toBe(want)
})
