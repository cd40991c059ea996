import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProcess } from '@opifer/testkit'
import { emptyTally, type Tally } from './tally.ts'
import type { ViolationKind } from './violations.ts'

/** What a mutant breaks. `npm test` plays one mutant of each class. */
export type MutantClass = 'acknowledgment' | 'identity' | 'look-up' | 'lease' | 'outcome' | 'cooldown'

/** A product that is deliberately broken by one change of its source. */
export interface Mutant {
  name: string
  class: MutantClass
  file: string
  /** Occurs exactly once in the file. */
  before: string
  after: string
  /** Whether it needs schedules in which frozen workers lose their runs. */
  takeovers?: boolean
  /** Within these seeds, the mutant must be caught… */
  seeds: SeedRange
  /** …by a violation of this kind. */
  violation: ViolationKind
}

export interface SeedRange {
  from: number
  count: number
}

export const MUTANTS: readonly Mutant[] = [
  {
    // A 2xx that promises what may still fail.
    name: 'ack-before-enqueue',
    class: 'acknowledgment',
    file: 'apps/ingest/src/intake.ts',
    before: 'const receipts = await withTimeout(settings.redisTimeout, enqueueBatched(intents))',
    after: `enqueueBatched(intents).catch(() => {})
      const receipts = await withTimeout(settings.redisTimeout, Promise.resolve([] as Receipt[]))`,
    seeds: { from: 14, count: 20 },
    violation: 'lost',
  },
  {
    // A firing that joins the run of an earlier one ends with it.
    name: 'refiring-joins',
    class: 'identity',
    file: 'packages/core/src/run/identity.ts',
    before: 'dedupId: startedAt === undefined ? key : sha256([key, String(startedAt)])',
    after: 'dedupId: key',
    seeds: { from: 40, count: 20 },
    violation: 'lost',
  },
  {
    // A retry that does not collide with the Job of the first attempt.
    name: 'random-names',
    class: 'identity',
    file: 'packages/core/src/job/job-name.ts',
    before: 'sha256([alertKey]).slice',
    after: 'sha256([alertKey, String(Math.random())]).slice',
    seeds: { from: 14, count: 30 },
    violation: 'doubled',
  },
  {
    // A run that ends without a look-up of the Job that it may have created.
    name: 'reject-without-lookup',
    class: 'look-up',
    file: 'apps/worker/src/run/reconcile.ts',
    before: 'const lookup = await lookUpJob(run, attempt, context)',
    after: `const lookup = (await Promise.resolve({ kind: 'none' })) as Awaited<ReturnType<typeof lookUpJob>>`,
    seeds: { from: 14, count: 30 },
    violation: 'untrue',
  },
  {
    // A worker that was frozen overwrites what another has done with its run since.
    name: 'no-lease',
    class: 'lease',
    file: 'packages/queue/src/suspend.ts',
    before: 'delayMs, token, {',
    // BullMQ checks no lock for this token.
    after: `delayMs, '0', {`,
    takeovers: true,
    seeds: { from: 24, count: 16 },
    violation: 'lost',
  },
  {
    // A Job that vanished before its end was seen is recorded as succeeded.
    name: 'missed-end-succeeds',
    class: 'outcome',
    file: 'apps/worker/src/run/track.ts',
    before: `: { state: 'gone' }`,
    after: `: { state: 'succeeded' }`,
    seeds: { from: 49, count: 11 },
    violation: 'untrue',
  },
  {
    // The end of a run begins no cooldown.
    name: 'cooldown-forgotten',
    class: 'cooldown',
    file: 'packages/queue/src/transitions.lua.ts',
    before: `if tonumber(ARGV[4]) > 0 then redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4]) end`,
    after: '',
    seeds: { from: 14, count: 30 },
    violation: 'doubled',
  },
]

export function findMutant(name: string): Mutant {
  const mutant = MUTANTS.find((each) => each.name === name)
  if (!mutant) throw new Error(`unknown mutant ${name}; known are ${MUTANTS.map((each) => each.name).join(', ')}`)
  return mutant
}

export interface Verdict {
  isCaught: boolean
  tally: Tally
  /** What the fault runs have printed. */
  output: string
}

/** Plays seeds against a broken copy of the product, until one gives the violation that the mutant must give. */
export async function playMutant(mutant: Mutant, { from, count }: SeedRange = mutant.seeds): Promise<Verdict> {
  const copy = await mkdtemp(join(tmpdir(), 'opifer-mutant-'))
  try {
    await copyProject(copy)
    const path = join(copy, mutant.file)
    await writeFile(path, mutate(await readFile(path, 'utf8'), mutant))
    const json = join(copy, 'tally.json')
    const args = ['--seeds', String(count), '--from', String(from), '--until', mutant.violation, '--json', json]
    if (mutant.takeovers) args.push('--takeovers')
    const faults = await startProcess({ command: process.execPath, args: [join(copy, 'dev/faults/main.ts'), ...args] })
    await faults.exited
    const tally = JSON.parse(await readFile(json, 'utf8').catch(() => JSON.stringify(emptyTally()))) as Tally
    return { isCaught: tally[mutant.violation] > 0, tally, output: faults.lines.join('\n') }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Throws if the mutant no longer fits the product. */
export async function assertApplicable(mutant: Mutant): Promise<void> {
  mutate(await readFile(join(ROOT, mutant.file), 'utf8'), mutant)
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Copies the sources. The links between the packages then lead to the copies, all others to the installed dependencies. */
async function copyProject(copy: string): Promise<void> {
  for (const folder of ['apps', 'packages', 'dev', 'deploy']) {
    await cp(join(ROOT, folder), join(copy, folder), { recursive: true, verbatimSymlinks: true })
  }
  await cp(join(ROOT, 'package.json'), join(copy, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
}

function mutate(text: string, { name, file, before, after }: Mutant): string {
  const occurrences = text.split(before).length - 1
  if (occurrences !== 1) throw new Error(`mutant ${name}: ${file} has ${occurrences} times: ${before}`)
  return text.replace(before, () => after)
}
