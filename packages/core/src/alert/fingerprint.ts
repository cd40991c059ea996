import { fnv1a64 } from '../text/hash.ts'
import type { LabelSet } from './label-set.ts'

const SEPARATOR = 0xff

/**
 * Alertmanager's fingerprint of an alert: FNV-1a-64 over the label names and values, sorted by name, each followed by
 * 0xFF (`LabelSet.Fingerprint` in prometheus/common).
 */
export function fingerprint(labels: LabelSet): string {
  return fnv1a64(labelBytes(labels)).toString(16).padStart(16, '0')
}

function* labelBytes(labels: LabelSet): Generator<number> {
  const byName = Object.entries(labels).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  for (const text of byName.flat()) {
    yield* Buffer.from(text)
    yield SEPARATOR
  }
}
