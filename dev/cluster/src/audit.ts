/** A request in RBAC's terms, and how it was answered. */
export interface AuditEntry {
  time: string
  verb: string
  /** Absent if the request is not about a resource. */
  resource?: string
  subresource?: string
  namespace?: string
  name?: string
  path: string
  /** 0 if a fault prevented the answer. */
  code: number
  userAgent: string
}

export interface AuditLog {
  record(entry: AuditEntry): void
  /** Oldest first. */
  entries(): AuditEntry[]
}

/** Keeps the newest entries in a ring buffer, so that a long-lived cluster stays small. */
export function createAuditLog(limit = 10_000): AuditLog {
  const ring: AuditEntry[] = []
  let next = 0
  return {
    record(entry) {
      ring[next] = entry
      next = (next + 1) % limit
    },
    entries: () => (ring.length < limit ? [...ring] : [...ring.slice(next), ...ring.slice(0, next)]),
  }
}
