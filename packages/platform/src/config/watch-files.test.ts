import { mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mountSecret } from '@opifer/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { recordedLog } from '../testing/recorded-log.ts'
import { watchFiles } from './watch-files.ts'

function watch(files: Record<string, string>, texts: Record<string, string>, check = (_: string) => {}) {
  const { log, lines, count } = recordedLog()
  const used: Record<string, string>[] = []
  const watcher = watchFiles({
    files,
    texts,
    use(renewed) {
      for (const text of Object.values(renewed)) check(text)
      used.push(renewed)
    },
    log,
    intervalMs: 5,
  })
  onTestFinished(() => watcher.close())
  return { used, lines, count }
}

async function makeFile(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'opifer-file-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const path = join(dir, 'token')
  await writeFile(path, text)
  return path
}

/** Atomic: the file is never empty. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

async function makeSecret(contents: Record<string, string>) {
  const secret = await mountSecret(contents)
  onTestFinished(() => secret.remove())
  return secret
}

const RELOADED = /files reloaded/
const FAILED = /reload failed; keeping previous contents/

describe('reload', () => {
  test.each<[how: string, change: (path: string) => Promise<void>]>([
    ['rewritten', (path) => writeFile(path, 's3cret-2\n')],
    ['replaced', (path) => replace(path, 's3cret-2\n')],
    [
      'deleted and written again',
      async (path) => {
        await unlink(path)
        await writeFile(path, 's3cret-2\n')
      },
    ],
  ])('reloads a file that was %s', async (_, change) => {
    const path = await makeFile('s3cret-1\n')
    const { used, lines, count } = watch({ token: path }, { token: 's3cret-1' })
    await change(path)
    await expect.poll(() => used).toEqual([{ token: 's3cret-2' }])
    await expect.poll(() => count(RELOADED)).toBe(1)
    expect(lines.join()).toContain(path)
    expect(lines.join()).not.toContain('s3cret')
  })

  test('reloads files behind a symbolic link that is swapped, all together', async () => {
    const secret = await makeSecret({ cert: 'cert-0', key: 'key-0' })
    const { used } = watch({ cert: secret.path('cert'), key: secret.path('key') }, { cert: 'cert-0', key: 'key-0' })
    for (const version of [1, 2, 3]) {
      await secret.update({ cert: `cert-${version}`, key: `key-${version}` })
      await expect.poll(() => used.at(-1)).toEqual({ cert: `cert-${version}`, key: `key-${version}` })
    }
    expect(used).toHaveLength(3)
  })
})

test.each<[how: string, change: (path: string) => Promise<void>, error: RegExp]>([
  ['empty', (path) => replace(path, '\n'), /token is empty/],
  ['missing', (path) => unlink(path), /ENOENT/],
  ['invalid', (path) => replace(path, 'wrong s3cret'), /is wrong/],
])('keeps the previous contents and warns once if a file is %s', async (_, change, error) => {
  const path = await makeFile('s3cret-1')
  const { used, lines, count } = watch({ token: path }, { token: 's3cret-1' }, (text) => {
    if (text.startsWith('wrong')) throw new Error('is wrong')
  })
  await change(path)
  await expect.poll(() => count(FAILED)).toBe(1)
  expect(lines.join()).toMatch(error)
  await replace(path, 's3cret-3')
  await expect.poll(() => used).toEqual([{ token: 's3cret-3' }])
  expect(count(FAILED)).toBe(1)
  expect(lines.join()).not.toContain('s3cret')
})

test('does not reload a file that has not changed', async () => {
  const path = await makeFile('same\n')
  const { used, lines } = watch({ token: path }, { token: 'same' })
  await writeFile(path, 'same')
  await writeFile(`${path}.other`, 'other')
  const { used: usedOther } = watch({ token: `${path}.other` }, { token: 'before' })
  await expect.poll(() => usedOther).toHaveLength(1)
  expect([used, lines]).toEqual([[], []])
})
