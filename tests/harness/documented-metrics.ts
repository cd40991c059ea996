import type { ExposedMetric } from './metrics.ts'

/** The metrics listed in the tables of these sections: `| name | type | labels | meaning |`. */
export function documentedMetrics(page: string, sections: readonly string[]): ExposedMetric[] {
  const parts = page.split(/^## /m).filter((part) => sections.includes(part.split('\n', 1)[0] ?? ''))
  return parts.flatMap((part) =>
    [...part.matchAll(ROW)].map(([, name = '', type = '', labels = '']) => toMetric(name, type, labels)),
  )
}

const ROW = /^\| `(\w+)` \| (\w+) \| ([^|]*)\|/gm

function toMetric(name: string, type: string, labels: string): ExposedMetric {
  return { name, type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort() }
}
