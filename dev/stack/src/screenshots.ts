import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findChromium, startBrowser } from '@opifer/testkit'
import type { Browser } from 'playwright-core'
import { parseNumber, runCommand } from './command.ts'
import { generateLoad } from './load.ts'
import { fromRoot } from './paths.ts'
import { writeLogs } from './scenarios.ts'
import { startStack } from './stack.ts'

const OPTIONS = {
  minutes: { type: 'string', default: '2' },
  out: { type: 'string', default: 'docs/screenshots' },
} as const

const DESKTOP = { width: 1200, height: 740 }
const PHONE = { width: 390, height: 844 }

/** Takes screenshots of the dashboard of a running stack. */
await runCommand(async () => {
  const { values } = parseArgs({ options: OPTIONS })
  const minutes = parseNumber('minutes', values.minutes, 0, 60)
  const chromium = findChromium()
  if (chromium === undefined) throw new Error('no Chromium on the PATH')
  const folder = fromRoot(values.out)
  await mkdir(folder, { recursive: true })
  await using stack = await startStack({
    port: 0,
    dashboardPort: 0,
    workers: 2,
    queuePrefix: `{opifer-screenshots-${process.pid}}`,
  })
  await using browser = await startBrowser(chromium)
  await writeLogs(stack.hostRoot, Date.now())
  const runId = await generateLoad(stack, minutes, (line) => void process.stdout.write(`${line}\n`))
  const pages = { overview: '/?span=1h', runs: '/runs', run: `/runs/${runId}`, operarios: '/operarios' }
  for (const [name, path] of Object.entries(pages)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await take(
        browser,
        stack.dashboardUrl + path,
        { colorScheme, viewport: DESKTOP },
        join(folder, `${name}-${colorScheme}.png`),
      )
    }
  }
  const onPhone = { colorScheme: 'light', viewport: PHONE } as const
  await take(browser, `${stack.dashboardUrl}/runs?outcome=failed#runs`, onPhone, join(folder, 'phone.png'))
  return true
})

interface View {
  colorScheme: 'light' | 'dark'
  viewport: { width: number; height: number }
}

async function take(browser: Browser, url: string, view: View, path: string): Promise<void> {
  const page = await browser.newPage(view)
  await page.goto(url)
  await page.locator('.live.on').waitFor()
  await writeFile(path, await page.screenshot())
  await page.close()
}
