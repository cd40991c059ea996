/** As `setTimeout`, but a delay out of its range waits as long as it can, where Node would fire at once. */
export function startTimer(delayMs: number, action: () => void): NodeJS.Timeout {
  return setTimeout(action, Math.min(delayMs, 2 ** 31 - 1))
}
