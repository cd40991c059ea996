/** Keys that expire on their own, next to BullMQ's. The prefix holds the hash tag that keeps them on one node of a Cluster. */
export function flagKeys(prefix: string) {
  const key = (kind: string) => (id: string) => `${prefix}:${kind}:${id}`
  return {
    /** By alert key: the run that started the cooldown. */
    cooldown: key('cooldown'),
    /** By alert id: the last known end, a `ResolvedMark`. */
    resolved: key('resolved'),
    /** By alert key: the number of its next Job, and the run that is about to create it. */
    nextJob: key('next-job'),
    /** By run id: who asked for its cancellation. */
    cancel: key('cancel'),
  }
}
