import type { LogChunk, LogStore } from './types.ts'

interface Follower {
  onChunk: (chunk: LogChunk) => void
  onEnd: () => void
}

interface ContainerLog {
  /** Undefined until the container writes or ends: a client may follow it before it starts. */
  chunks: LogChunk[] | undefined
  bytes: number
  ended: boolean
  followers: Set<Follower>
}

/** @param limitBytes retained for each container; the oldest chunks go first */
export function createLogStore(limitBytes = 1024 * 1024): LogStore {
  const pods = new Map<string, Map<string, ContainerLog>>()

  function open(podUid: string, container: string): ContainerLog {
    let logs = pods.get(podUid)
    if (!logs) pods.set(podUid, (logs = new Map()))
    let log = logs.get(container)
    if (!log) logs.set(container, (log = { chunks: undefined, bytes: 0, ended: false, followers: new Set() }))
    return log
  }

  return {
    append(podUid, container, chunk) {
      const log = open(podUid, container)
      // A restarted container writes more after its end.
      log.ended = false
      keep(log, { data: chunk }, limitBytes)
    },
    read(podUid, container) {
      const chunks = pods.get(podUid)?.get(container)?.chunks
      return chunks && [...chunks]
    },
    end(podUid, container) {
      const log = open(podUid, container)
      log.chunks ??= []
      finish(log)
    },
    follow(podUid, container, onChunk, onEnd) {
      const log = open(podUid, container)
      const follower: Follower = { onChunk, onEnd }
      log.followers.add(follower)
      // Deferred: the caller does not have the unsubscriber yet.
      if (log.ended) queueMicrotask(() => log.followers.delete(follower) && onEnd())
      return () => log.followers.delete(follower)
    },
    remove(podUid) {
      for (const log of pods.get(podUid)?.values() ?? []) finish(log)
      pods.delete(podUid)
    },
  }
}

function keep(log: ContainerLog, chunk: LogChunk, limitBytes: number): void {
  log.chunks ??= []
  log.chunks.push({ data: chunk.data.subarray(-limitBytes) })
  log.bytes += Math.min(chunk.data.length, limitBytes)
  while (log.bytes > limitBytes) log.bytes -= log.chunks.shift()?.data.length ?? 0
  for (const { onChunk } of log.followers) onChunk(chunk)
}

function finish(log: ContainerLog): void {
  log.ended = true
  const followers = [...log.followers]
  log.followers.clear()
  for (const { onEnd } of followers) onEnd()
}
