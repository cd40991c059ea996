import type { KubeObject } from '../store/types.ts'

/** The rest of a list that is read in pages. As objects are frozen, a page of an old state costs no copies. */
export interface Snapshot {
  resourceVersion: number
  items: readonly KubeObject[]
}

export interface Snapshots {
  /** Returns the token that the client continues with. */
  keep(snapshot: Snapshot): string
  take(token: string): Snapshot | undefined
}

/** Keeps the newest snapshots; who comes too late is told that his list has expired. */
export function createSnapshots(limit = 100): Snapshots {
  const kept = new Map<string, Snapshot>()
  let count = 0
  return {
    keep(snapshot) {
      const token = Buffer.from(`${snapshot.resourceVersion}/${++count}`).toString('base64url')
      kept.set(token, snapshot)
      const [oldest] = kept.keys()
      if (kept.size > limit && oldest !== undefined) kept.delete(oldest)
      return token
    },
    take: (token) => kept.get(token),
  }
}
