import { sha256 } from '../text/hash.ts'

/**
 * The name of an episode's Job: the author's name, shortened, and a hash that is always kept whole. Whoever tries to
 * create the same Job again, a retry, a second worker, an alert that was sent once more, collides at the API server.
 *
 * @param number how many Jobs of the episode are known to have finished before this one
 */
export function jobName(authorsName: string, episode: string, number: number): string {
  const prefix = authorsName
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .slice(0, MAX_NAME - HASH_LENGTH - 1)
    .replace(/^-+|-+$/g, '')
  const hash = sha256([episode, String(number)]).slice(0, HASH_LENGTH)
  return prefix ? `${prefix}-${hash}` : `opifer-${hash}`
}

/**
 * A Job's name becomes a label value and the host name of its pods: 63 characters at most (RFC 1123 label), of which an
 * Indexed Job needs some for `-<index>`.
 */
const MAX_NAME = 63 - '-99999'.length
/** 64 bits of hash in hex: enough for the Jobs that a namespace holds at one time. */
const HASH_LENGTH = 16
