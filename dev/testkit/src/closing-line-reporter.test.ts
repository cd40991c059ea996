import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startProcess } from './process/child-process.ts'

const root = fileURLToPath(import.meta.resolve('../../../'))
const vitest = fileURLToPath(import.meta.resolve('../../../node_modules/vitest/vitest.mjs'))
const config = fileURLToPath(import.meta.resolve('../fixtures/endings/vitest.config.ts'))

test('lists skipped tests and ends with the counts, including failures outside tests', async () => {
  const run = await startProcess({
    command: process.execPath,
    args: [vitest, 'run', '--config', config],
    cwd: root,
    env: { NO_COLOR: '1' },
  })
  expect(await run.exited).toBe(1)

  const file = 'dev/testkit/fixtures/endings/endings.test.ts'
  expect(run.lines.slice(-4)).toEqual([
    `skipped: ${file} > is switched off`,
    `skipped: ${file} > lacks something (there is no moon)`,
    `skipped: ${file} > after a hook that fails > is never reached`,
    'tests: 1 passed, 3 failed, 3 skipped',
  ])
})
