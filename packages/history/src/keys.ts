import { sha256 } from '@opifer/core'

/** What all keys of the history begin with. The prefix of the queue holds a hash tag, so a Redis Cluster keeps them together. */
export function historyBase(prefix: string): string {
  return `${prefix}:history:`
}

export function recordKey(base: string, runId: string): string {
  return `${base}run:${runId}`
}

export function indexKey(base: string, index: string): string {
  return `${base}index:${index}`
}

/** A part of a key, made of what anybody may have sent: short and without anything that has a meaning in keys or scripts. */
export function keyPart(text: string): string {
  return /^[\w.:/@%+-]{1,64}$/.test(text) ? text : `#${sha256([text]).slice(0, HASH_LENGTH)}`
}

/** 128 bits in hex: no two of the values that one history holds share it, not even by intent. */
const HASH_LENGTH = 32
