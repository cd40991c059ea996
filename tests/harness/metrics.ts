import type { OpiferProcess } from '@opifer/testkit'

/** The value of a counter, over all its labels and all these processes; 0 where it was never counted up. */
export async function readCounter(name: string, processes: readonly OpiferProcess[]): Promise<number> {
  const texts = await Promise.all(processes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
  const samples = texts.flatMap((text) => [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))])
  return samples.reduce((sum, [, value]) => sum + Number(value), 0)
}
