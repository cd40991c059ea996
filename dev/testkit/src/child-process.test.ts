import { expect, test } from 'vitest'
import { startProcess } from './child-process.ts'

const node = (script: string) => ({ command: process.execPath, args: ['--eval', script] })
const forever = 'setInterval(() => {}, 1000);'

test('is started once it has printed its ready line', async () => {
  const child = await startProcess({ ...node(`console.log('ready'); ${forever}`), readyLine: /^ready$/ })
  expect(child.lines).toEqual(['ready'])
  expect(child.pid).toBeGreaterThan(0)
  expect(await child.stop()).toBe(143)
})

test('keeps every line of both streams, the unfinished last one too', async () => {
  const child = await startProcess(node(`console.log('out'); console.error('err'); process.stdout.write('last')`))
  expect(await child.exited).toBe(0)
  expect(child.lines.toSorted()).toEqual(['err', 'last', 'out'])
})

test('lets the process shut down on SIGTERM and reports its exit code', async () => {
  const script = `process.on('SIGTERM', () => process.exit(3)); console.log('ready'); ${forever}`
  const child = await startProcess({ ...node(script), readyLine: /ready/ })
  expect(await child.stop()).toBe(3)
})

test('stops a process that is paused', async () => {
  const child = await startProcess({ ...node(`console.log('ready'); ${forever}`), readyLine: /ready/ })
  child.signal('SIGSTOP')
  expect(await child.stop()).toBe(143)
})

test('kills a process that does not stop in time', async () => {
  const script = `process.on('SIGTERM', () => {}); console.log('ready'); ${forever}`
  const child = await startProcess({ ...node(script), readyLine: /ready/ })
  expect(await child.stop(50)).toBe(137)
})

test('waits for a line that is still to come', async () => {
  const script = `process.on('SIGUSR2', () => console.log('signalled')); console.log('ready'); ${forever}`
  const child = await startProcess({ ...node(script), readyLine: /ready/ })
  const line = child.waitForLine(/signal/)
  child.signal('SIGUSR2')
  expect(await line).toBe('signalled')
  expect(await child.kill()).toBe(137)
})

test('says what the process printed when the line does not come in time', async () => {
  const child = await startProcess({ ...node(`console.log('hello'); ${forever}`), readyLine: /hello/ })
  await expect(child.waitForLine(/goodbye/, 20)).rejects.toThrow(
    /no line matched \/goodbye\/ within 20 ms.*\n {2}hello/,
  )
  await child.kill()
})

test('fails to start when the process ends before its ready line', async () => {
  const starting = startProcess({ ...node(`console.error('no such port')`), readyLine: /ready/ })
  await expect(starting).rejects.toThrow('no such port')
})

test('fails to start when there is no such program', async () => {
  await expect(startProcess({ command: 'no-such-program' })).rejects.toThrow('ENOENT')
})

test('adds to the environment and takes away from it', async () => {
  const script = `console.log(process.env.ADDED, process.env.HOME, process.env.PATH !== undefined)`
  const child = await startProcess({ ...node(script), env: { ADDED: 'yes', HOME: undefined } })
  await child.exited
  expect(child.lines).toEqual(['yes undefined true'])
})
