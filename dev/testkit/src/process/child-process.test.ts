import { expect, test } from 'vitest'
import { startProcess } from './child-process.ts'

const node = (script: string) => ({ command: process.execPath, args: ['--eval', script] })
const forever = 'setInterval(() => {}, 1000);'

test('startProcess waits for the ready line', async () => {
  const child = await startProcess({ ...node(`console.log('ready'); ${forever}`), readyLine: /^ready$/ })
  expect(child.lines).toEqual(['ready'])
  expect(child.pid).toBeGreaterThan(0)
  expect(await child.stop()).toBe(143)
})

test('keeps every line of both streams, including an unfinished last one', async () => {
  const child = await startProcess(node(`console.log('out'); console.error('err'); process.stdout.write('last')`))
  expect(await child.exited).toBe(0)
  expect(child.lines.toSorted()).toEqual(['err', 'last', 'out'])
})

test('stop sends SIGTERM and returns the exit code', async () => {
  const script = `process.on('SIGTERM', () => process.exit(3)); console.log('ready'); ${forever}`
  const child = await startProcess({ ...node(script), readyLine: /ready/ })
  expect(await child.stop()).toBe(3)
})

test('stop ends a paused process', async () => {
  const child = await startProcess({ ...node(`console.log('ready'); ${forever}`), readyLine: /ready/ })
  child.signal('SIGSTOP')
  expect(await child.stop()).toBe(143)
})

test('stop kills a process that ignores SIGTERM', async () => {
  const script = `process.on('SIGTERM', () => {}); console.log('ready'); ${forever}`
  const child = await startProcess({ ...node(script), readyLine: /ready/ })
  expect(await child.stop(50)).toBe(137)
})

test('waitForLine waits for a future line', async () => {
  const script = `process.on('SIGUSR2', () => console.log('signalled')); console.log('ready'); ${forever}`
  const child = await startProcess({ ...node(script), readyLine: /ready/ })
  const line = child.waitForLine(/signal/)
  child.signal('SIGUSR2')
  expect(await line).toBe('signalled')
  expect(await child.kill()).toBe(137)
})

test('waitForLine times out with the last output in its message', async () => {
  const child = await startProcess({ ...node(`console.log('hello'); ${forever}`), readyLine: /hello/ })
  await expect(child.waitForLine(/goodbye/, 20)).rejects.toThrow(
    /no line matched \/goodbye\/ within 20 ms.*\n {2}hello/,
  )
  await child.kill()
})

test('startProcess rejects when the process ends before its ready line', async () => {
  const starting = startProcess({ ...node(`console.error('no such port')`), readyLine: /ready/ })
  await expect(starting).rejects.toThrow('no such port')
})

test('startProcess rejects when the program does not exist', async () => {
  await expect(startProcess({ command: 'no-such-program' })).rejects.toThrow('ENOENT')
})

test('env adds and removes variables', async () => {
  const script = `console.log(process.env.ADDED, process.env.HOME, process.env.PATH !== undefined)`
  const child = await startProcess({ ...node(script), env: { ADDED: 'yes', HOME: undefined } })
  await child.exited
  expect(child.lines).toEqual(['yes undefined true'])
})
