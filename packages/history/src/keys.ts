import { sha256 } from '@opifer/core'

/** The prefix of all history keys. The queue's prefix holds a hash tag, so a Redis Cluster keeps them on one node. */
export function historyBase(prefix: string): string {
  return `${prefix}:history:`
}

export function recordKey(base: string, runId: string): string {
  return `${base}run:${runId}`
}

export function indexKey(base: string, index: string): string {
  return `${base}index:${index}`
}

/** BullMQ's hash of a run that is still in the queue; its `data` field is the run as JSON. */
export function queuedRunKey(prefix: string, runId: string): string {
  return `${prefix}:runs:${runId}`
}

/** Makes untrusted text fit for a key: short, and free of characters that mean something in keys or scripts. */
export function keyPart(text: string): string {
  return /^[\w.:/@%+-]{1,64}$/.test(text) ? text : `#${sha256([text]).slice(0, HASH_LENGTH)}`
}

/** 128 bits in hex: too many for a sender to find two values that collide. */
const HASH_LENGTH = 32
