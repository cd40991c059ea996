import { parseConfig } from '@opifer/platform/config'
import { connectRedis } from '@opifer/platform/redis'
import { createLogger } from '@opifer/platform/telemetry'
import { eventually, startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { DASHBOARD_OPTIONS } from '../config.ts'
import { followHistory } from './follow-history.ts'
import type { Change } from './hub.ts'

const PREFIX = '{opifer}'

async function givenListener() {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const parsed = parseConfig(DASHBOARD_OPTIONS, [`--redisUrl=${server.url}`], {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  const connection = connectRedis(parsed.config, { kind: 'wait' }, createLogger('test', 'silent'))
  onTestFinished(() => connection.disconnect())
  const heard: (Change | 'gap')[] = []
  await followHistory(connection, PREFIX, {
    publish: (change) => void heard.push(change),
    publishGap: () => void heard.push('gap'),
  })
  return { server, heard }
}

test('viewers are told of what is written, and of a gap whenever listening begins', async () => {
  const { server, heard } = await givenListener()
  const change = { id: 'run-1', kind: 'began' } as const
  await eventually(() => expect(heard).toEqual(['gap']))
  for (const time of [1, 2]) {
    await tell(server.url, change)
    await eventually(() => expect(heard).toHaveLength(2 * time))
    await server.restart()
    // At the very moment at which they are told of a gap, nothing more is missed.
    await eventually(() => expect(heard).toHaveLength(2 * time + 1), { interval: 0 })
  }
  expect(heard).toEqual(['gap', change, 'gap', change, 'gap'])
})

async function tell(url: string, change: Change): Promise<void> {
  const redis = new Redis(url)
  expect(await redis.publish(`${PREFIX}:history:changes`, `${change.kind} ${change.id}`)).toBe(1)
  redis.disconnect()
}
