import { startRedis, type RedisServer } from '@opifer/testkit'
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest'
import { openDashboard } from './open-dashboard.ts'

/** The current time of the dashboards made here. */
export const NOW = Date.parse('2026-11-24T08:00:00Z')

/** Starts a Redis for the test file, emptied after each test. Returns a function that opens a dashboard on it. */
export function useDashboards() {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterEach(() => server.flush())
  afterAll(() => server.stop())
  return async function makeDashboard(settings: Record<string, string> = {}) {
    const dashboard = await openDashboard(server.url, settings, () => NOW)
    onTestFinished(() => dashboard.close())
    const get = async (path: string, headers: Record<string, string> = {}) => {
      const response = await dashboard.app.request(path, { headers: { Accept: 'text/html', ...headers } })
      return { response, status: response.status, headers: response.headers, body: await response.text() }
    }
    return { ...dashboard, url: server.url, get }
  }
}

export const ROLES = {
  authMethod: 'bearer',
  authBearerToken: 'operator-token',
  authViewerToken: 'viewer-token',
} as const

export const AS_OPERATOR = { Authorization: 'Bearer operator-token' }
export const AS_VIEWER = { Authorization: 'Bearer viewer-token' }
