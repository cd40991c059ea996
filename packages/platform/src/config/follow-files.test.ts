import { mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, mountSecret } from '@opifer/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { recordedLog } from '../testing/recorded-log.ts'
import { followFiles } from './follow-files.ts'

function follow(files: Record<string, string>, texts: Record<string, string>, check = (_: string) => {}) {
  const { log, lines, count } = recordedLog()
  const used: Record<string, string>[] = []
  const follower = followFiles({
    files,
    texts,
    use(renewed) {
      for (const text of Object.values(renewed)) check(text)
      used.push(renewed)
    },
    log,
    intervalMs: 5,
  })
  onTestFinished(() => follower.close())
  return { used, lines, count }
}

async function givenFile(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'opifer-file-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const path = join(dir, 'token')
  await writeFile(path, text)
  return path
}

/** In one step: nobody sees the file empty. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

async function givenSecret(contents: Record<string, string>) {
  const secret = await mountSecret(contents)
  onTestFinished(() => secret.remove())
  return secret
}

const CHANGED = /files have changed: what they hold now is used/
const KEPT = /can not be used: what they held before is kept/

describe('a file is used anew when it is', () => {
  test.each<[how: string, change: (path: string) => Promise<void>]>([
    ['written anew', (path) => writeFile(path, 's3cret-2\n')],
    ['replaced', (path) => replace(path, 's3cret-2\n')],
    [
      'deleted and written again',
      async (path) => {
        await unlink(path)
        await writeFile(path, 's3cret-2\n')
      },
    ],
  ])('%s', async (_, change) => {
    const path = await givenFile('s3cret-1\n')
    const { used, lines, count } = follow({ token: path }, { token: 's3cret-1' })
    await change(path)
    await eventually(() => expect(used).toEqual([{ token: 's3cret-2' }]))
    await eventually(() => expect(count(CHANGED)).toBe(1))
    expect(lines.join()).toContain(path)
    expect(lines.join()).not.toContain('s3cret')
  })

  test('behind a link that is swapped, again and again, all that belong together at once', async () => {
    const secret = await givenSecret({ cert: 'cert-0', key: 'key-0' })
    const { used } = follow({ cert: secret.path('cert'), key: secret.path('key') }, { cert: 'cert-0', key: 'key-0' })
    for (const version of [1, 2, 3]) {
      await secret.update({ cert: `cert-${version}`, key: `key-${version}` })
      await eventually(() => expect(used.at(-1)).toEqual({ cert: `cert-${version}`, key: `key-${version}` }))
    }
    expect(used).toHaveLength(3)
  })
})

describe('what was in use stays, and is warned of once, when a file is', () => {
  test.each<[how: string, change: (path: string) => Promise<void>, fault: RegExp]>([
    ['empty', (path) => replace(path, '\n'), /token is empty/],
    ['gone', (path) => unlink(path), /ENOENT/],
    ['no longer what it should be', (path) => replace(path, 'wrong s3cret'), /is wrong/],
  ])('%s', async (_, change, fault) => {
    const path = await givenFile('s3cret-1')
    const { used, lines, count } = follow({ token: path }, { token: 's3cret-1' }, (text) => {
      if (text.startsWith('wrong')) throw new Error('it is wrong')
    })
    await change(path)
    await eventually(() => expect(count(KEPT)).toBe(1))
    expect(lines.join()).toMatch(fault)
    await replace(path, 's3cret-3')
    await eventually(() => expect(used).toEqual([{ token: 's3cret-3' }]))
    expect(count(KEPT)).toBe(1)
    expect(lines.join()).not.toContain('s3cret')
  })
})

test('a file that was not changed is not used again', async () => {
  const path = await givenFile('same\n')
  const { used, lines } = follow({ token: path }, { token: 'same' })
  await writeFile(path, 'same')
  await writeFile(`${path}.other`, 'other')
  const { used: usedOther } = follow({ token: `${path}.other` }, { token: 'before' })
  await eventually(() => expect(usedOther).toHaveLength(1))
  expect([used, lines]).toEqual([[], []])
})
