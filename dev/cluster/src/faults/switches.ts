import { z } from 'zod'

/** Faults that befall the whole API at once, and last until they are taken back. */
export interface Switches {
  /** Breaks every open watch. */
  cutWatches(): void
  /** Breaks every answer that is still being written: watches and followed logs. */
  cutStreams(): void
  /** Forgets the past: lists and watches that go on from an older version find it expired (410). */
  expireHistory(): void
  /** Reads and answers nothing, with all connections left open. */
  pause(): void
  resume(): void
  /** Breaks all connections and refuses new ones. */
  refuse(): Promise<void>
  accept(): Promise<void>
}

/** A switch as it comes by HTTP. A server that refuses connections cannot be told to stop that, so it is told beforehand. */
export const switchRequest = z.discriminatedUnion('action', [
  z.strictObject({ action: z.enum(['cutWatches', 'cutStreams', 'expireHistory', 'pause', 'resume']) }),
  z.strictObject({ action: z.literal('refuse'), milliseconds: z.int().min(1).max(600_000) }),
])
