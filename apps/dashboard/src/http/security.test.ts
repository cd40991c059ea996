import { expect, test } from 'vitest'
import { recordRun } from '../testing/builders.ts'
import { AS_OPERATOR, useDashboards, NOW, ROLES } from '../testing/dashboards.ts'

const makeDashboard = useDashboards()

const PAGES = ['/', '/runs', '/runs/run-1', '/operarios', '/api/docs', '/nowhere', '/runs/none', '/runs?match=%3D']

test('every page allows only its own scripts, styles and images', async () => {
  const dashboard = await makeDashboard()
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW })
  for (const path of PAGES) {
    const { headers } = await dashboard.get(path)
    const policy = headers.get('Content-Security-Policy')
    expect(policy, path).toContain("default-src 'none'; script-src 'self'; connect-src 'self'")
    expect(policy, path).not.toContain('unsafe')
    expect(headers.get('X-Content-Type-Options'), path).toBe('nosniff')
    expect(headers.get('Cache-Control'), path).toBe('no-store')
  }
})

test('no page contains inline scripts, styles or event handlers', async () => {
  const dashboard = await makeDashboard()
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW, job: true, result: { outcome: 'failed', log: 'line' } })
  for (const path of PAGES) {
    const { body } = await dashboard.get(path)
    expect(body, path).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?! type="module" src="\/assets\/)|javascript:/)
    expect(body, path).not.toMatch(/(?:src|href)="(?:https?:)?\/\/(?!prometheus)/)
  }
})

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</textarea></pre><svg/onload=alert(1)>',
  '${alert(1)} {{alert(1)}} <%= alert(1) %>',
  '__proto__',
]

test.each(HOSTILE)('alert content is rendered as text and never executed: %s', async (text) => {
  const dashboard = await makeDashboard()
  const alert = {
    annotations: { [text]: text, link: `javascript:${text}` },
    generatorURL: `javascript:alert(1)//${text}`,
  }
  const labels = { alertname: text, [text]: text }
  const result = {
    outcome: 'failed',
    reason: text,
    log: text,
    exits: [{ pod: text, container: text, exitCode: 1, reason: text }],
  } as const
  const errors = [{ at: NOW, message: text }]
  await recordRun(dashboard, {
    id: 'run-1',
    receivedAt: NOW - 1_000,
    labels,
    alert,
    groupKey: text,
    errors,
    job: true,
    result,
  })
  await recordRun(dashboard, {
    id: 'run-2',
    receivedAt: NOW - 1_000,
    labels,
    alert,
    result: { outcome: 'unmatched', reason: text },
  })
  await dashboard.catalogue.replaceAll([
    { configMap: `n/${text}`, resourceVersion: text, disabled: false, operarios: [{ key: text, problem: text }] },
  ])
  const query = encodeURIComponent(text)
  const paths = ['/', '/runs', '/runs/run-1', '/operarios', `/runs?q=${query}&alertname=${query}&match=${query}`]
  const others = [`/runs?group=${query}&operario=${query}&outcome=${query}&range=${query}&from=${query}`, `/${query}`]
  for (const path of [...paths, ...others]) {
    const { body } = await dashboard.get(path)
    expect(foreignTags(body), path).toEqual([])
    expect(body, path).not.toMatch(/href="javascript:/i)
  }
})

test("Bull Board's page allows nothing from other servers", async () => {
  const { get } = await makeDashboard()
  const { headers, body, status } = await get('/queues')
  expect(status).toBe(200)
  const policy = headers.get('Content-Security-Policy')
  expect(policy).toContain("default-src 'none'; script-src 'self'; connect-src 'self'")
  expect(policy).not.toContain('https:')
  expect(body).not.toContain('googleapis')
})

test('without credentials only operations endpoints and static assets are served', async () => {
  const { get } = await makeDashboard(ROLES)
  for (const path of [...PAGES, '/api/runs', '/api/events', '/queues', '/queues/api/queues', '/alertStore']) {
    expect((await get(path)).status, path).toBe(401)
  }
  for (const path of ['/healthz', '/readiness', '/metrics']) expect((await get(path)).status, path).toBe(200)
  const page = await get('/', AS_OPERATOR)
  const asset = /\/assets\/[0-9a-f]+\/app\.css/.exec(page.body)?.[0] ?? ''
  const { headers, status } = await get(asset)
  expect([status, headers.get('Cache-Control')]).toEqual([200, 'public, max-age=31536000, immutable'])
})

test('requests for a host that is not allowed are rejected, except for operations endpoints', async () => {
  const { app, queue } = await makeDashboard({ allowUnauthenticated: 'true', allowedHosts: 'localhost,127.0.0.1' })
  const pause = (host: string) => app.request(`http://${host}:8082/queues/api/queues/pause`, { method: 'PUT' })
  expect((await pause('rebound.example')).status).toBe(403)
  expect(await queue.isPaused()).toBe(false)
  expect((await pause('127.0.0.1')).status).toBe(200)
  expect(await queue.isPaused()).toBe(true)
  for (const path of ['/healthz', '/readiness', '/metrics']) {
    expect((await app.request(`http://dashboard:8082${path}`)).status, path).toBe(200)
  }
})

/** Tags that the pages' own markup can't contain. Its attributes are always in double quotes. */
function foreignTags(body: string): string[] {
  const own =
    /<(?:\/[a-z][a-z0-9]*|!doctype html|(?!img|iframe|object)[a-z][a-z0-9]*(?:\s+(?!on|style)[a-zA-Z-]+(?:="[^"<>]*")?)*\s*\/?)>/g
  const scripts = body.match(/<script/g)?.length === 1 ? [] : ['<script']
  return [...scripts, ...(body.replace(own, '').match(/<.{0,80}/g) ?? [])]
}

test('without authentication any host name other than this machine’s is rejected (DNS rebinding)', async () => {
  const dashboard = await makeDashboard()
  for (const path of ['/runs', '/api/runs', '/queues']) {
    expect((await dashboard.app.request(`http://rebound.example${path}`)).status, path).toBe(403)
  }
})
