/** One request, in the words of RBAC, and how it was answered. */
export interface AuditEntry {
  time: string
  verb: string
  /** Absent for requests that are about no resource. */
  resource?: string
  subresource?: string
  namespace?: string
  name?: string
  path: string
  /** 0 when the request was never answered, by a fault's doing. */
  code: number
  userAgent: string
}

export interface AuditLog {
  record(entry: AuditEntry): void
  /** Oldest first. */
  entries(): AuditEntry[]
  clear(): void
}

/** Keeps the newest entries in a ring, so that a long-lived cluster stays small. */
export function createAuditLog(limit = 10_000): AuditLog {
  let ring: AuditEntry[] = []
  let next = 0
  return {
    record(entry) {
      ring[next] = entry
      next = (next + 1) % limit
    },
    entries: () => (ring.length < limit ? [...ring] : [...ring.slice(next), ...ring.slice(0, next)]),
    clear() {
      ring = []
      next = 0
    },
  }
}
