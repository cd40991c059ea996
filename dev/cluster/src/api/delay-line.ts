/** Hands things on in order, each not before its delay has passed: what comes later never overtakes what was held up. */
export interface DelayLine<T> {
  push(item: T, milliseconds: number): void
  clear(): void
}

export function createDelayLine<T>(deliver: (item: T) => void): DelayLine<T> {
  const held: { item: T; due: number }[] = []
  let timer: NodeJS.Timeout | undefined

  function release(): void {
    while (held[0] && held[0].due <= performance.now()) deliver((held.shift() as { item: T }).item)
    timer = held[0] && setTimeout(release, held[0].due - performance.now())
  }

  return {
    push(item, milliseconds) {
      if (held.length === 0 && milliseconds === 0) return deliver(item)
      held.push({ item, due: performance.now() + milliseconds })
      timer ??= setTimeout(release, milliseconds)
    },
    clear() {
      clearTimeout(timer)
      held.length = 0
    },
  }
}
