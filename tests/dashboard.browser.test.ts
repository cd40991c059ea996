/** The dashboard in a real browser, on top of the whole system. */
import { AxeBuilder } from '@axe-core/playwright'
import { findChromium, type OpiferProcess, PATIENCE, startBrowser, startDashboard } from '@opifer/testkit'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Gate, makeGate } from './harness/gate.ts'
import { makeOperario, shell, succeed } from './harness/operario.ts'
import { startSystem, type System } from './harness/system.ts'
import { firing, makeAlert, makeWebhook, resolved } from './harness/webhook.ts'

const chromium = findChromium()
if (chromium === undefined) console.warn('No Chromium on the PATH: skipping the browser tests of the dashboard.')

const OPERATOR = { username: 'ada', password: 'operates' }
const VIEWER = { username: 'vera', password: 'views' }
const LOG = 'no backup in the last 24 hours'
const PATIENT = { timeout: 15_000 }

describe.skipIf(chromium === undefined)('dashboard in a browser', { timeout: 60_000 }, () => {
  let system: System
  let dashboard: OpiferProcess
  let browser: Browser
  let gate: Gate
  /** Console errors, uncaught errors and policy violations of all pages. */
  const browserErrors: string[] = []

  beforeAll(async () => {
    gate = makeGate()
    const fail = shell(`echo '${LOG}'; exit 3`)
    system = await startSystem({
      workerFlags: ['--cooldown=0'],
      operarios: [
        makeOperario('DiskSpaceLow', succeed),
        makeOperario('BackupOverdue', fail),
        makeOperario('Stuck', gate.command),
        makeOperario('Broken', [], { manifest: 'kind: Pod' }),
      ],
    })
    const flags = ['--authMethod=basic', `--authBasicUser=${OPERATOR.username}`, `--authBasicPass=${OPERATOR.password}`]
    const viewers = [`--authViewerUser=${VIEWER.username}`, `--authViewerPass=${VIEWER.password}`]
    dashboard = await startDashboard({ redisUrl: system.redis.url, flags: [...flags, ...viewers] })
    browser = await startBrowser(chromium ?? '')
  })

  afterEach(() => {
    if (browserErrors.length > 0) throw new Error(`the browser reported:\n${browserErrors.splice(0).join('\n')}`)
  })

  afterAll(async () => {
    await browser?.close()
    await dashboard?.stop()
    await gate?.open()
    await system?.stop()
    await gate?.remove()
  })

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ baseURL: dashboard.url, httpCredentials: OPERATOR, ...options })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    if (options.javaScriptEnabled !== false) await collectErrors(page, browserErrors)
    await page.goto(path)
    return page
  }

  test('the list of runs shows new runs and their outcomes without a reload', async () => {
    const page = await openLive('/runs')
    await page.evaluate("document.body.setAttribute('data-stays', 'yes')")
    await system.post(firing('DiskSpaceLow', { instance: 'live-1' }))
    const row = page.getByRole('row').filter({ hasText: 'live-1' })
    await row.getByText('succeeded').waitFor()
    await system.post(firing('NodeClockSkew', { instance: 'live-2' }))
    await page.getByRole('row').filter({ hasText: 'live-2' }).getByText('unmatched').waitFor()
    expect(await page.locator('body').getAttribute('data-stays')).toBe('yes')
  })

  test('the list of runs shows what changed between rendering the page and connecting', async () => {
    const page = await open('about:blank')
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    await page.route('**/api/events', (route) => released.then(() => route.continue()))
    await page.goto(`${dashboard.url}/runs`)
    await system.run(firing('DiskSpaceLow', { instance: 'before-connect' }))
    expect(await page.getByText('before-connect').count()).toBe(0)
    release()
    await page.getByRole('row').filter({ hasText: 'before-connect' }).getByText('succeeded').waitFor()
  })

  test('the overview shows that all workers have stopped without a reload, although no event reports it', async () => {
    const page = await open('about:blank')
    await page.clock.install()
    // Each page updates once as soon as it is connected. Wait for that, so that only polling can show the change.
    const second = page.waitForResponse((response) => response.request().resourceType() === 'fetch')
    await page.goto(`${dashboard.url}/`)
    await second
    const warning = page.getByText('No worker is running')
    expect(await warning.count()).toBe(0)
    onTestFinished(async () => void (await system.startWorker()))
    await Promise.all(system.workers.map((worker) => worker.stop()))
    await vi.waitFor(
      async () => {
        await page.clock.fastForward(15_000)
        expect(await warning.count()).toBe(1)
      },
      { ...PATIENCE, ...PATIENT, interval: 500 },
    )
  })

  test('an update keeps the focus and open details', async () => {
    await system.run(firing('DiskSpaceLow', { instance: 'focus-1' }))
    const page = await openLive('/runs')
    const link = page.getByRole('row').filter({ hasText: 'focus-1' }).getByRole('link', { name: 'DiskSpaceLow' })
    await link.focus()
    await system.post(firing('DiskSpaceLow', { instance: 'focus-2' }))
    await page.getByRole('row').filter({ hasText: 'focus-2' }).getByText('succeeded').waitFor()
    expect(await link.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)

    const overview = await openLive('/')
    await overview.getByText('Runs by outcome as a table').click()
    await system.post(firing('DiskSpaceLow', { instance: 'focus-3' }))
    const [before] = await overview.locator('.figures dd').allInnerTexts()
    await expect
      .poll(async () => (await overview.locator('.figures dd').allInnerTexts())[0], { ...PATIENCE, ...PATIENT })
      .not.toBe(before)
    expect(await overview.locator('#outcomes-data').getAttribute('open')).not.toBeNull()
  })

  test('the filter narrows the list by matchers and outcome, and the URL can be shared', async () => {
    await system.run(firing('BackupOverdue', { instance: 'web-1', severity: 'critical' }))
    await system.run(firing('BackupOverdue', { instance: 'web-2' }))
    await system.run(firing('DiskSpaceLow', { instance: 'web-3', severity: 'critical' }))
    const page = await open('/runs')
    await page.getByLabel('Label matchers').fill('severity="critical", instance=~"web-.*"')
    await page.getByRole('checkbox', { name: 'failed' }).check({ force: true })
    await page.getByRole('button', { name: 'Filter' }).click()
    expect(await instances(page)).toEqual(['web-1'])
    const shared = await open(page.url())
    expect(await instances(shared)).toEqual(['web-1'])
    await shared.getByRole('link', { name: 'Clear' }).click()
    expect((await instances(shared)).length).toBeGreaterThan(2)
  })

  test('the page of a failed run shows why, and an operator can retry it', async () => {
    await system.run(firing('BackupOverdue', { instance: 'retried' }))
    const page = await openLive('/runs?match=instance%3Dretried')
    await page.getByRole('link', { name: 'BackupOverdue' }).click()
    await page.locator('#log').getByText(LOG).waitFor()
    expect(await page.getByRole('row').filter({ hasText: 'main' }).innerText()).toContain('3')
    await page.getByText('Job as YAML').click()
    expect(await page.locator('#job-yaml').innerText()).toContain('value: retried')

    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('This is the new run').waitFor()
    await page.locator('.run-title').getByText('failed').waitFor()
    expect(await page.getByText('Requested by').locator('xpath=following-sibling::dd[1]').innerText()).toBe('ada')
    expect(await page.locator('.history li').count()).toBe(2)
    const jobs = await system.jobs('BackupOverdue')
    expect(jobs.filter(({ metadata }) => JSON.stringify(metadata).includes('retried')).length).toBeLessThan(3)
  })

  test('cancelling a run ends it and deletes its Job', async () => {
    const [receipt] = await system.post(firing('Stuck'))
    await expect.poll(() => system.jobs('Stuck'), { ...PATIENCE, ...PATIENT }).toHaveLength(1)
    const page = await openLive(`/runs/${receipt?.runId}`)
    await page.getByText('Cancel…').click()
    await page.getByRole('button', { name: 'Cancel this run' }).click()
    await page.locator('.run-title').getByText('cancelled').waitFor()
    await expect.poll(() => system.jobs('Stuck'), { ...PATIENCE, ...PATIENT }).toHaveLength(0)
  })

  test('the page of a run shows whether the alert resolved afterwards', async () => {
    const { id } = await system.run(firing('DiskSpaceLow', { instance: 'helped' }))
    const page = await openLive(`/runs/${id}`)
    expect(await page.locator('.lead').innerText()).toContain('The alert has not been received since.')
    await system.run(resolved('DiskSpaceLow', { instance: 'helped' }))
    await page.getByText(/The alert resolved .* after this run ended/).waitFor()
  })

  test('a viewer can read everything and change nothing', async () => {
    const { id } = await system.run(firing('BackupOverdue', { instance: 'viewed' }))
    const page = await open(`/runs/${id}`, { httpCredentials: VIEWER })
    await page.locator('#log').getByText(LOG).waitFor()
    expect(await page.getByRole('button', { name: /Retry|Cancel/ }).count()).toBe(0)
    await page.goto('/queues')
    await page.getByText('runs', { exact: true }).first().waitFor()
    const attempts = [
      `/runs/${id}/retry`,
      `/runs/${id}/cancel`,
      `/api/runs/${id}/retry`,
      '/queues/api/queues/runs/pause',
    ]
    for (const path of attempts) {
      const answer = await page.request.fetch(path, { method: path.endsWith('pause') ? 'PUT' : 'POST' })
      expect(answer.status(), path).toBe(403)
    }
  })

  test('Bull Board loads nothing from other servers', async () => {
    const page = await open('/queues')
    await page.getByText('runs', { exact: true }).first().click()
    await page
      .getByText(/DiskSpaceLow|BackupOverdue/)
      .first()
      .waitFor()
    const names: string[] = await page.evaluate('performance.getEntriesByType("resource").map(({ name }) => name)')
    expect(names.filter((name) => !name.startsWith(dashboard.url))).toEqual([])
  })

  test('hostile label values are shown as text', async () => {
    const evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    const alert = makeAlert(
      evil,
      { [evil]: evil },
      { annotations: { link: 'javascript:alert(3)', text: evil }, generatorURL: `javascript:${evil}` },
    )
    const { id } = await system.run(makeWebhook([alert]))
    const page = await open(`/runs/${id}`)
    page.on('dialog', () => browserErrors.push('a dialog opened'))
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(evil)
    expect(await page.locator('main img, main script, a[href^="javascript"]').count()).toBe(0)
    for (const path of ['/runs', '/operarios', '/']) await page.goto(path)
  })

  test('the pages work by keyboard and without scripts', async () => {
    const page = await open('/runs')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')

    const plain = await open('/runs', { javaScriptEnabled: false })
    await plain.getByLabel('Alertname').fill('BackupOverdue')
    await plain.getByRole('button', { name: 'Filter' }).click()
    await plain.getByRole('link', { name: 'BackupOverdue' }).first().click()
    await plain.locator('#log').getByText(LOG).waitFor()
    await plain.getByRole('button', { name: 'Dark theme' }).click()
    expect(await plain.locator('html').getAttribute('data-theme')).toBe('dark')
  })

  test.each(['light', 'dark'] as const)(
    'the pages have no accessibility violations in the %s theme, on desktop and phone',
    async (colorScheme) => {
      const many = Object.fromEntries(
        Array.from({ length: 40 }, (_, index) => [`label_${index}`, `value-${index} `.repeat(8)]),
      )
      const { id } = await system.run(firing('BackupOverdue', many))
      for (const viewport of [DESKTOP, PHONE]) {
        const page = await open('/', { colorScheme, viewport })
        for (const path of ['/', '/runs', `/runs/${id}`, '/operarios', '/api/docs']) {
          await page.goto(path)
          for (const details of await page.locator('details').all())
            await details.evaluate((part) => part.setAttribute('open', ''))
          const { violations } = await new AxeBuilder({ page }).analyze()
          expect(violations.map(describeViolation), `${path} ${colorScheme} ${viewport.width}`).toEqual([])
          expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), path).toBeLessThanOrEqual(0)
        }
      }
    },
  )

  async function openLive(path: string): Promise<Page> {
    const page = await open(path)
    await page.locator('.live.on').waitFor()
    return page
  }
})

async function instances(list: Page): Promise<(string | undefined)[]> {
  return (await list.locator('tbody tr').allInnerTexts()).map((text) => /web-\d/.exec(text)?.[0])
}

const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

/** Collects console messages, uncaught errors and violations of the Content Security Policy. */
async function collectErrors(page: Page, errors: string[]): Promise<void> {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`))
  await page.addInitScript({
    content: `addEventListener('securitypolicyviolation', (event) => {
      console.error('policy violation: ' + event.violatedDirective + ' ' + event.blockedURI)
    })`,
  })
}

function describeViolation({
  id,
  impact,
  nodes,
}: {
  id: string
  impact?: string | null
  nodes: { target: unknown[] }[]
}): string {
  return `${impact}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`
}
