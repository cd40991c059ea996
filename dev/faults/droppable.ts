import * as fc from 'fast-check'

/**
 * A part that a smaller schedule may lack. It is always generated, and shrinks to `undefined` and nothing else: a fault
 * that lasts less long explains no more than the fault itself.
 */
export function droppable<T>(part: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(fc.noShrink(part), { nil: undefined, freq: PRACTICALLY_ALWAYS })
}

const PRACTICALLY_ALWAYS = 1_000_000_000

export function present<T>(parts: readonly (T | undefined)[]): T[] {
  return parts.filter((part) => part !== undefined)
}
