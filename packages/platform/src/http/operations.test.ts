import { expect, test } from 'vitest'
import { createRegistry } from '../telemetry/metrics.ts'
import { operationsApp } from './operations.ts'

const makeApp = (reason?: string) => operationsApp({ registry: createRegistry(), unready: async () => reason })

test('/healthz is ok even if the process is not ready', async () => {
  const response = await makeApp('Redis is not connected').request('/healthz')
  expect([response.status, await response.text()]).toEqual([200, 'ok'])
})

test('/readiness is ok if the process can do its work', async () => {
  const response = await makeApp().request('/readiness')
  expect([response.status, await response.text()]).toEqual([200, 'ok'])
})

test('/readiness answers 503 with the reason if it can not', async () => {
  const response = await makeApp('Redis is not connected').request('/readiness')
  expect([response.status, await response.text()]).toEqual([503, 'Redis is not connected'])
})

test('/metrics serves the metrics of the runtime in Prometheus text format', async () => {
  const response = await makeApp().request('/metrics')
  expect(response.headers.get('Content-Type')).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(await response.text()).toContain('process_cpu_seconds_total')
})

test('every createRegistry call returns a new registry', () => {
  expect(createRegistry()).not.toBe(createRegistry())
})
