import { parseConfig } from '@opifer/platform/config'
import { connectRedis } from '@opifer/platform/redis'
import { createLogger } from '@opifer/platform/telemetry'
import { PATIENCE, startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { DASHBOARD_OPTIONS } from '../../config.ts'
import { followChanges } from './follow-changes.ts'
import type { Change } from './hub.ts'

const PREFIX = '{opifer}'

async function startFollowing() {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const parsed = parseConfig(DASHBOARD_OPTIONS, [`--redisUrl=${server.url}`], {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  const connection = connectRedis(parsed.config, { kind: 'wait' }, createLogger('test', 'silent'))
  onTestFinished(() => connection.disconnect())
  const received: (Change | 'gap')[] = []
  await followChanges(connection, PREFIX, {
    publish: (change) => void received.push(change),
    publishGap: () => void received.push('gap'),
  })
  return { server, received }
}

test('changes of the history are published, and a gap at each (re)connect', async () => {
  const { server, received } = await startFollowing()
  const change = { id: 'run-1', kind: 'began' } as const
  await expect.poll(() => received).toEqual(['gap'])
  for (const round of [1, 2]) {
    await publish(server.url, change)
    await expect.poll(() => received).toHaveLength(2 * round)
    await server.restart()
    // Once the gap is published, no later change may be missed: publish the next one at once.
    await expect.poll(() => received, { ...PATIENCE, interval: 0 }).toHaveLength(2 * round + 1)
  }
  expect(received).toEqual(['gap', change, 'gap', change, 'gap'])
})

async function publish(url: string, change: Change): Promise<void> {
  const redis = new Redis(url)
  expect(await redis.publish(`${PREFIX}:history:changes`, `${change.kind} ${change.id}`)).toBe(1)
  redis.disconnect()
}
