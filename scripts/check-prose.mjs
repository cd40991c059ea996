// Fails on the words that CONTRIBUTING.md's word list replaces, in every tracked text: comments, strings, docs.
//
//   node scripts/check-prose.mjs [paths]
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const TEXTS = /\.(md|ts|mjs|js|css|yaml|yml|sh)$|(^|\/)Dockerfile$|^\.ci\//
/** Other people's words, and the lock file. */
const QUOTED = /^pnpm-lock\.yaml$|\/fixtures\//
const LIST = /<!-- words -->.*<!-- \/words -->/s
/** Between the words of a phrase: also a line break and the next line's comment marker. */
const GAP = '(?:\\s|[*#>]|//)+'

const root = fileURLToPath(new URL('..', import.meta.url))
const replacements = readWordList(readFileSync(`${root}CONTRIBUTING.md`, 'utf8'))
const phrases = [...replacements.keys()].map((word) => word.replaceAll(' ', GAP))
const banned = new RegExp(`\\b(?:${phrases.join('|')})\\b`, 'gi')

const hits = trackedTexts(process.argv.slice(2)).flatMap(check)
for (const { place, word } of hits) console.log(`${place}: "${word}" → ${replacements.get(word)}`)
if (hits.length > 0) console.log(`${hits.length} words to replace; CONTRIBUTING.md, "How it is worded", says how`)
process.exitCode = hits.length > 0 ? 1 : 0

/** From each word to what to write instead. */
function readWordList(page) {
  const rows = [...(LIST.exec(page)?.[0] ?? '').matchAll(/^\| (`.+`) \| (.+) \|$/gm)]
  return new Map(rows.flatMap(([, cell, instead]) => wordsOf(cell).map((word) => [word, instead])))
}

function wordsOf(cell) {
  return [...cell.matchAll(/`(.+?)`/g)].map(([, word]) => word)
}

function trackedTexts(paths) {
  const args = ['ls-files', '-z', '--', ...paths]
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1e8 })
  if (status !== 0) console.log('not a git checkout: prose not checked')
  return (stdout ?? '').split('\0').filter((file) => TEXTS.test(file) && !QUOTED.test(file))
}

function check(file) {
  // Blanked line by line, so that the line numbers stay right.
  const text = readText(file).replace(LIST, (list) => list.replace(/[^\n]/g, ''))
  return [...text.matchAll(banned)].flatMap(({ 0: found, index }) => {
    const line = text.slice(text.lastIndexOf('\n', index) + 1).split('\n', 1)[0]
    if (line.includes('prose:ok')) return []
    const word = found.toLowerCase().replace(new RegExp(GAP, 'g'), ' ')
    return [{ place: `${file}:${text.slice(0, index).split('\n').length}`, word }]
  })
}

/** Empty for a file that is tracked and deleted. */
function readText(file) {
  try {
    return readFileSync(`${root}${file}`, 'utf8')
  } catch {
    return ''
  }
}
