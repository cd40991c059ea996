/** Milliseconds since the process began: for how long something takes or lasts, since the wall clock may be set meanwhile. */
export function monotonic(): number {
  return performance.now()
}
