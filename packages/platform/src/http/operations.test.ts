import { expect, test } from 'vitest'
import { createRegistry } from '../telemetry/registry.ts'
import { operationsApp } from './operations.ts'

const givenApp = (reason?: string) => operationsApp({ registry: createRegistry(), unready: async () => reason })

test('/healthz is fine as long as the process answers', async () => {
  const response = await givenApp('Redis is away').request('/healthz')
  expect([response.status, await response.text()]).toEqual([200, 'ok'])
})

test('/readiness is fine when the process can do its work', async () => {
  const response = await givenApp().request('/readiness')
  expect([response.status, await response.text()]).toEqual([200, 'ok'])
})

test('/readiness says why it can not', async () => {
  const response = await givenApp('Redis is away').request('/readiness')
  expect([response.status, await response.text()]).toEqual([503, 'Redis is away'])
})

test('/metrics holds those of the runtime, as Prometheus reads them', async () => {
  const response = await givenApp().request('/metrics')
  expect(response.headers.get('Content-Type')).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(await response.text()).toContain('process_cpu_seconds_total')
})

test('each registry has its own', () => {
  expect(createRegistry()).not.toBe(createRegistry())
})
