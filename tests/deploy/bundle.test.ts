/** The contents of the images, without Docker: each program is one self-contained file. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opifer-bundle-'))
  await run(process.execPath, [fileURLToPath(new URL('../../scripts/bundle.mjs', import.meta.url)), folder])
}, 120_000)

afterAll(() => rm(folder, { recursive: true }))

test.each(['ingest', 'worker', 'dashboard'])('the bundle of %s starts without installed packages', async (name) => {
  const { stdout, stderr } = await run(process.execPath, [join(folder, name, 'app/bin/main.mjs'), '--help'])
  expect(stdout).toContain('--redisUrl')
  expect(stderr).toBe('')
})

test('the bundle of the dashboard includes the files that it serves', async () => {
  const app = join(folder, 'dashboard/app')
  expect(await readdir(join(app, 'assets'))).toContain('app.css')
  expect(await readdir(join(app, 'node_modules/@bull-board/ui/dist/static'))).toEqual(expect.arrayContaining(['js']))
})
