import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

/**
 * Prints where a program spent its time, from a profile of `npm run bench -- --profile FOLDER`. Chrome DevTools and
 * speedscope read the same file; this one needs no browser:
 *
 *   node dev/bench/top-functions.ts FOLDER/worker.cpuprofile [--top 30]
 *
 * Shares are of the time in which the program was not idle. Total time includes calls until the function returns, so of an
 * async function only the part before its first await.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { top: { type: 'string', default: '30' } },
})

/** The relevant parts of a `.cpuprofile` (Profiler.Profile of the DevTools protocol). */
interface CpuProfile {
  nodes: ProfileNode[]
  /** Node on top of the stack at each sample, and microseconds since the previous sample. */
  samples: number[]
  timeDeltas: number[]
}

interface ProfileNode {
  id: number
  callFrame: { functionName: string; url: string; lineNumber: number }
  children?: number[]
}

type Times = Map<string, number>

for (const file of positionals) report(file, Number(values.top))

function report(file: string, top: number): void {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile
  const selfTimes = selfTimeOfNodes(profile)
  const busy = profile.nodes.reduce((sum, { id }) => sum + (selfTimes.get(id) ?? 0), 0)
  const byPackage: Times = new Map()
  const bySelf: Times = new Map()
  for (const node of profile.nodes) {
    const time = selfTimes.get(node.id) ?? 0
    add(byPackage, packageOf(node), time)
    add(bySelf, nameOf(node), time)
  }
  print(`\n${file}: busy for ${(busy / 1e6).toFixed(1)} s`)
  printRanking('self time by package', byPackage, busy, 20)
  printRanking('self time by function', bySelf, busy, top)
  printRanking('total time by function', totalTimes(profile, selfTimes), busy, top)
}

function selfTimeOfNodes({ nodes, samples, timeDeltas }: CpuProfile): Map<number, number> {
  const idle = new Set(nodes.filter(({ callFrame }) => isIdle(callFrame.functionName)).map(({ id }) => id))
  const times = new Map<number, number>()
  for (const [index, id] of samples.entries()) {
    if (!idle.has(id)) times.set(id, (times.get(id) ?? 0) + (timeDeltas[index + 1] ?? 0))
  }
  return times
}

function isIdle(functionName: string): boolean {
  return functionName === '(idle)' || functionName === '(program)'
}

/** A recursive function counts once. */
function totalTimes({ nodes }: CpuProfile, selfTimes: ReadonlyMap<number, number>): Times {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const totals: Times = new Map()
  function visit(node: ProfileNode, above: ReadonlySet<string>): number {
    const name = nameOf(node)
    const path = new Set(above).add(name)
    let total = selfTimes.get(node.id) ?? 0
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child) total += visit(child, path)
    }
    if (!above.has(name)) add(totals, name, total)
    return total
  }
  const [root] = nodes
  if (root) visit(root, new Set())
  return totals
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const place = url && `  ${decodeURIComponent(url).split('/').slice(-3).join('/')}:${lineNumber + 1}`
  return `${functionName || '(anonymous)'}${place}`
}

function packageOf({ callFrame: { functionName, url } }: ProfileNode): string {
  const [, module] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  const [, own] = /\/((?:apps|packages)\/[^/]+)\//.exec(url) ?? []
  if (url !== '') return module ?? own ?? url.split(':', 1)[0] ?? url
  // Native functions have no file. Names in parentheses are not functions: the garbage collector, for instance.
  return functionName.startsWith('(') ? functionName : '(native)'
}

function add(times: Times, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time)
}

function printRanking(title: string, times: Times, busy: number, top: number): void {
  print(`\n${title}`)
  const ranked = [...times].sort(([, a], [, b]) => b - a).slice(0, top)
  for (const [name, time] of ranked) print(`${((100 * time) / busy).toFixed(1).padStart(6)} %  ${name}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
