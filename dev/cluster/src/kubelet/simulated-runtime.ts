import type { ContainerExit, ContainerRuntime, RunningContainer } from './runtime.ts'

export interface Simulation {
  durationMs: number | (() => number)
  exitCode?: number
}

/** Containers that do nothing for a while and then exit. */
export function createSimulatedRuntime({ durationMs, exitCode = 0 }: Simulation): ContainerRuntime {
  function start(): RunningContainer {
    const { promise: exit, resolve } = Promise.withResolvers<ContainerExit>()
    const timer = setTimeout(() => resolve({ exitCode }), typeof durationMs === 'number' ? durationMs : durationMs())
    return {
      started: true,
      exit,
      signal(signal) {
        clearTimeout(timer)
        resolve({ exitCode: signal === 'SIGTERM' ? 143 : 137 })
      },
    }
  }

  return { open: () => ({ start, close: () => Promise.resolve() }), close() {} }
}
