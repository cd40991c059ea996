import { expect, test } from 'vitest'
import { createLifecycle } from './lifecycle.ts'
import { createLogger } from '../telemetry/logger.ts'

const makeLifecycle = () => createLifecycle(createLogger('test', 'silent'))

test('close releases last in first out, one at a time', async () => {
  const lifecycle = makeLifecycle()
  const { promise: serverDone, resolve: finishServer } = Promise.withResolvers<void>()
  const closed: string[] = []
  lifecycle.onClose('redis', () => closed.push('redis'))
  lifecycle.onClose('server', async () => {
    await serverDone
    closed.push('server')
  })
  lifecycle.onClose('worker', () => closed.push('worker'))

  const closing = lifecycle.close()
  await Promise.resolve()
  expect(closed).toEqual(['worker'])
  finishServer()
  await closing
  expect(closed).toEqual(['worker', 'server', 'redis'])
})

test('close goes on after a release that fails', async () => {
  const lifecycle = makeLifecycle()
  const closed: string[] = []
  lifecycle.onClose('redis', () => closed.push('redis'))
  lifecycle.onClose('rejects', () => Promise.reject(new Error('no')))
  lifecycle.onClose('throws', () => {
    throw new Error('no')
  })
  await lifecycle.close()
  expect(closed).toEqual(['redis'])
})

test('close also releases what is registered while it runs', async () => {
  const lifecycle = makeLifecycle()
  const closed: string[] = []
  lifecycle.onClose('first', () => lifecycle.onClose('late', () => closed.push('late')))
  await lifecycle.close()
  expect(closed).toEqual(['late'])
})

test('close releases nothing twice', async () => {
  const lifecycle = makeLifecycle()
  let count = 0
  lifecycle.onClose('redis', () => count++)
  await Promise.all([lifecycle.close(), lifecycle.close()])
  await lifecycle.close()
  expect(count).toBe(1)
})
