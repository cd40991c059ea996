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
    original: 'const answer = await within(settings.redisTimeout, enqueue(runs, deps, settings))',
    broken: `enqueue(runs, deps, settings).catch(() => {})
      const answer = await within(settings.redisTimeout, Promise.resolve({ kind: 'accepted', receipts: [] } as Intake))`,
  },
}

export const MUTANT_NAMES = Object.keys(MUTANTS)

/** Plays seeds against a broken copy of everything, until one fails. Returns what was counted by then. */
export async function playMutant(name: string, seeds: { from: number; count: number }): Promise<Tally> {
  const mutant = MUTANTS[name]
  if (!mutant) throw new Error(`no such mutant; there are ${MUTANT_NAMES.join(', ')}`)
  const copy = await mkdtemp(join(tmpdir(), 'opifer-mutant-'))
  try {
    await copyProject(copy)
    await breakIt(copy, mutant)
    const json = join(copy, 'tally.json')
    const main = join(copy, 'tests/faults/main.ts')
    const args = ['--seeds', String(seeds.count), '--from', String(seeds.from), '--bail', '--json', json]
    const player = await startProcess({ command: process.execPath, args: [main, ...args] })
    await player.exited
    console.log(player.lines.join('\n'))
    return JSON.parse(await readFile(json, 'utf8')) as Tally
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The sources are copied, the dependencies are not; links between the packages then lead to the copies. */
async function copyProject(copy: string): Promise<void> {
  for (const folder of ['apps', 'packages', 'tests']) {
    await cp(join(ROOT, folder), join(copy, folder), { recursive: true, verbatimSymlinks: true })
  }
  await cp(join(ROOT, 'package.json'), join(copy, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
}

async function breakIt(copy: string, { file, original, broken }: Mutant): Promise<void> {
  const path = join(copy, file)
  const text = await readFile(path, 'utf8')
  if (text.split(original).length !== 2) throw new Error(`${file} no longer holds exactly once: ${original}`)
  await writeFile(
    path,
    text.replace(original, () => broken),
  )
}
