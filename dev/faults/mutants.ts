import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProcess } from '@opifer/testkit'
import type { Tally } from './tally.ts'

/** A product that is broken on purpose, by one change of its text. */
interface Mutant {
  file: string
  original: string
  broken: string
}

const MUTANTS: Readonly<Record<string, Mutant>> = {
  /** A retry that does not collide with what the first attempt has created. */
  'random-names': {
    file: 'packages/core/src/job/job-name.ts',
    original: 'sha256([episode, String(number)])',
    broken: 'sha256([episode, String(number), String(Math.random())])',
  },
  /** A 2xx that promises what may still fail. */
  'ack-before-enqueue': {
    file: 'apps/ingest/src/intake.ts',
    original: 'const receipts = await withTimeout(settings.redisTimeout, enqueueBatched(runs))',
    broken: `enqueueBatched(runs).catch(() => {})
      const receipts = await withTimeout(settings.redisTimeout, Promise.resolve([] as Receipt[]))`,
  },
  /** A run that is turned away without a look for the Job that it may have. */
  'blind-refusal': {
    file: 'apps/worker/src/processors/run.ts',
    original: 'const finding = await steps.find(run)',
    broken: `const finding = await Promise.resolve({ kind: 'none' } as Finding)`,
  },
  /** A worker that was frozen writes over what another has done with its run since. */
  'no-hold': {
    file: 'apps/worker/src/queue/hold.ts',
    original: `if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end`,
    broken: '',
  },
  /** An alert that fires anew is given up with the firing before it. */
  'unmarked-refiring': {
    file: 'apps/ingest/src/intake.ts',
    original: 'const refired = refiredAlerts(single, inQueue)',
    broken: 'const refired = refiredAlerts([], inQueue)',
  },
  /** The end of a Job that was missed is told as success. */
  'hopeful-end': {
    file: 'apps/worker/src/steps/track.ts',
    original: `: { state: 'gone' }`,
    broken: `: { state: 'succeeded' }`,
  },
}

export const MUTANT_NAMES = Object.keys(MUTANTS)

/** Plays seeds against a broken copy of everything, until one fails. Returns what was counted by then. */
export async function playMutant(name: string, seeds: { from: number; count: number }): Promise<Tally> {
  const mutant = mutantOf(name)
  const copy = await mkdtemp(join(tmpdir(), 'opifer-mutant-'))
  try {
    await copyProject(copy)
    await breakIt(copy, mutant)
    const json = join(copy, 'tally.json')
    const main = join(copy, 'dev/faults/main.ts')
    const args = ['--seeds', String(seeds.count), '--from', String(seeds.from), '--bail', '--json', json]
    const player = await startProcess({ command: process.execPath, args: [main, ...args] })
    await player.exited
    console.log(player.lines.join('\n'))
    return JSON.parse(await readFile(json, 'utf8')) as Tally
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

function mutantOf(name: string): Mutant {
  const mutant = MUTANTS[name]
  if (!mutant) throw new Error(`no such mutant; there are ${MUTANT_NAMES.join(', ')}`)
  return mutant
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The sources are copied, the dependencies are not; links between the packages then lead to the copies. */
async function copyProject(copy: string): Promise<void> {
  for (const folder of ['apps', 'packages', 'tests', 'deploy']) {
    await cp(join(ROOT, folder), join(copy, folder), { recursive: true, verbatimSymlinks: true })
  }
  await cp(join(ROOT, 'package.json'), join(copy, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
}

async function breakIt(copy: string, mutant: Mutant): Promise<void> {
  const path = join(copy, mutant.file)
  await writeFile(path, breakText(await readFile(path, 'utf8'), mutant))
}

function breakText(text: string, { file, original, broken }: Mutant): string {
  if (text.split(original).length !== 2) throw new Error(`${file} no longer holds exactly once: ${original}`)
  return text.replace(original, () => broken)
}

/** Throws when a mutant would change nothing, since the product has changed. */
export async function assertBreakable(name: string): Promise<void> {
  const mutant = mutantOf(name)
  breakText(await readFile(join(ROOT, mutant.file), 'utf8'), mutant)
}
