import type { OpiferProcess } from '@opifer/testkit'

/** The sum of a counter, or of one of its series, over all labels and all these processes; 0 where it has no sample. */
export async function readCounter(name: string, processes: readonly OpiferProcess[]): Promise<number> {
  const texts = await Promise.all(processes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
  const lines = texts.flatMap((text) => text.split('\n'))
  const samples = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

/** A metric as a process exposes it, with the names of its labels. */
export interface ExposedMetric {
  name: string
  type: string
  labels: string[]
}

/** The metrics of a scrape. */
export function exposedMetrics(scrape: string): ExposedMetric[] {
  return [...scrape.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => {
    const samples = [...scrape.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} \\S+$`, 'gm'))]
    const labels = samples.flatMap(([, text = '']) =>
      [...text.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = '']) => label),
    )
    // The bounds of a histogram's buckets.
    return { name, type, labels: [...new Set(labels)].filter((label) => label !== 'le').sort() }
  })
}
