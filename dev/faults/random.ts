/** Chance that can be had again: the same seed gives the same numbers. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number, both ends included. */
  int(min: number, max: number): number
  pick<T>(list: readonly T[]): T
  chance(probability: number): boolean
}

/** Mulberry32: small, quick and even enough to draw schedules with. */
export function createRandom(seed: number): Random {
  let state = scatter(seed)
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    int,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new Error('there is nothing to pick from')
      return list[int(0, list.length - 1)] as T
    },
    chance: (probability) => next() < probability,
  }
}

/** Neighbouring seeds must not give neighbouring numbers. */
function scatter(seed: number): number {
  return Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0
}
