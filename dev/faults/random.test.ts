import { expect, test } from 'vitest'
import { createRandom } from './random.ts'

const draw = (seed: number, count = 1_000) => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => random.next())
}

test('the same seed gives the same numbers, another seed others', () => {
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

test.each([0, 1, 2, 1_000_000])('seed %d spreads its numbers evenly over [0, 1)', (seed) => {
  const numbers = draw(seed, 10_000)
  const tenths = Array.from({ length: 10 }, (_, tenth) => numbers.filter((n) => Math.floor(n * 10) === tenth).length)
  for (const count of tenths) expect(count).toBeGreaterThan(850)
})

test('neighbouring seeds begin far apart', () => {
  const firsts = Array.from({ length: 1_000 }, (_, seed) => createRandom(seed).next())
  expect(new Set(firsts.map((n) => Math.floor(n * 10))).size).toBe(10)
  expect(new Set(firsts).size).toBe(1_000)
})

test('whole numbers come with both ends', () => {
  const random = createRandom(1)
  const drawn = new Set(Array.from({ length: 200 }, () => random.int(3, 6)))
  expect([...drawn].sort((a, b) => a - b)).toEqual([3, 4, 5, 6])
})

test('nothing can be picked from an empty list', () => {
  expect(() => createRandom(1).pick([])).toThrow('nothing to pick')
})
