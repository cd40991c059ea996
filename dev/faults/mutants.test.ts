import { expect, test } from 'vitest'
import { assertApplicable, MUTANTS, playMutant } from './mutants.ts'

test.each(MUTANTS)('the mutant $name fits the product', async (mutant) => {
  await expect(assertApplicable(mutant)).resolves.toBeUndefined()
})

/** `npm run test:mutants` plays the others, too. */
const ONE_OF_EACH_CLASS = [...Map.groupBy(MUTANTS, (mutant) => mutant.class).values()].flatMap(([first]) => first ?? [])
const THREE_MINUTES = 180_000

test.each(ONE_OF_EACH_CLASS)(
  'the fault runs catch the mutant $name',
  async (mutant) => {
    const { isCaught, output } = await playMutant(mutant)
    expect(isCaught, output).toBe(true)
  },
  THREE_MINUTES,
)
