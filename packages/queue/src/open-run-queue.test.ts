import { makeRun } from '@opifer/core/testing'
import { Queue } from 'bullmq'
import { expect, onTestFinished, test } from 'vitest'
import { queueEntry, RUNS } from './catalog.ts'
import { openRunQueue } from './open-run-queue.ts'
import { PREFIX, startTestRedis } from './testing/helpers.ts'

const server = startTestRedis()

test.each<{ title: string; open: () => Queue; infos: number }>([
  { title: 'openRunQueue does not ask for Redis’ version', open: () => openRunQueue(server.redis, PREFIX), infos: 0 },
  {
    title: 'a queue that BullMQ opens asks for Redis’ version',
    open: () => new Queue(RUNS.name, { connection: server.redis, prefix: PREFIX }),
    infos: 1,
  },
])('$title', async ({ open, infos }) => {
  await server.redis.ping()
  const monitor = await server.redis.monitor()
  onTestFinished(() => monitor.disconnect())
  const seen: string[] = []
  const { promise: done, resolve } = Promise.withResolvers<void>()
  monitor.on('monitor', (_time: string, [command = '']: string[]) => {
    seen.push(command.toLowerCase())
    if (command.toLowerCase() === 'echo') resolve()
  })
  const queue = open()
  onTestFinished(() => queue.close())
  const { name, data, opts } = queueEntry(makeRun())
  await queue.add(name, data, opts)
  await server.redis.echo('done')
  await done
  expect(seen.filter((command) => command === 'info')).toHaveLength(infos)
})

test('openRunQueue gives its runs the options of the catalog', async () => {
  const queue = openRunQueue(server.redis, PREFIX)
  onTestFinished(() => queue.close())
  const run = makeRun()
  const { name, data, opts } = queueEntry(run)
  await queue.add(name, data, opts)
  const entry = await queue.getJob(run.id)
  expect(entry?.opts).toMatchObject(RUNS.jobOptions)
  expect(await server.redis.exists(`${PREFIX}:${RUNS.name}:${run.id}`)).toBe(1)
})
