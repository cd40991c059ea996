import { mkdir, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, createBench } from './bench.ts'
import { measureDispatch } from './dispatch.ts'
import { measureEndToEnd } from './end-to-end.ts'
import { measureFootprint } from './footprint.ts'
import { measureHistory } from './history.ts'
import { measureIngest } from './ingest.ts'
import { measureNotice } from './notice.ts'
import { measureRedisRun } from './redis-run.ts'
import { measureScale } from './scale.ts'
import { type Figure, figureTable } from './targets.ts'

/** By id, in order. */
const MEASUREMENTS: Record<string, (bench: Bench) => Promise<Figure[]>> = {
  ingest: measureIngest,
  dispatch: measureDispatch,
  redis: measureRedisRun,
  notice: measureNotice,
  'end-to-end': measureEndToEnd,
  footprint: measureFootprint,
  scale: measureScale,
  history: measureHistory,
}

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    kubeconfig: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})
const chosen = values.only?.split(',') ?? Object.keys(MEASUREMENTS)
const unknown = chosen.filter((id) => !MEASUREMENTS[id])
if (unknown.length > 0) {
  throw new Error(`--only takes ${Object.keys(MEASUREMENTS).join(', ')}, not ${unknown.join(', ')}`)
}
if (values.profile !== undefined) await mkdir(values.profile, { recursive: true })

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
await using bench = await createBench({
  quick: values.quick,
  kubeconfig: values.kubeconfig,
  profileDir: values.profile && resolve(values.profile),
})
const all = await measureAll(bench)
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(all, null, 2)}\n`)

async function measureAll(running: Bench): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [id, measure] of Object.entries(MEASUREMENTS)) {
    if (!chosen.includes(id)) continue
    const startedAt = performance.now()
    process.stderr.write(`bench: ${id} ...\n`)
    const measured = await running.scope(() => measure(running))
    // Now, because a later measurement may fail.
    process.stdout.write(`\n${figureTable(measured)}\n`)
    figures.push(...measured)
    process.stderr.write(`bench: ${id} took ${Math.round((performance.now() - startedAt) / 1_000)} s\n`)
    await running.empty()
  }
  return figures
}
