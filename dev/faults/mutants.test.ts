import { expect, test } from 'vitest'
import { assertBreakable, MUTANT_NAMES } from './mutants.ts'

test.each(MUTANT_NAMES)('the mutant %s still breaks what it names', async (name) => {
  await expect(assertBreakable(name)).resolves.toBeUndefined()
})
