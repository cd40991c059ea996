import { sha256 } from '../text/hash.ts'

/**
 * The name of a Job: the author's name, shortened, the hash of its alert, and a number. All attempts to create the same
 * Job use the same name, so the API server refuses a second one: a retry, another worker, a repeated alert.
 *
 * @param number one more than that of the alert's last Job that finished
 */
export function jobName(authorsName: string, alertKey: string, number: number): string {
  const suffix = `${sha256([alertKey]).slice(0, HASH_LENGTH)}-${number}`
  const prefix = authorsName
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .slice(0, MAX_NAME - suffix.length - 1)
    .replace(/^-+|-+$/g, '')
  return `${prefix || 'opifer'}-${suffix}`
}

/** The number in a name that `jobName` made; undefined for other names. */
export function jobNumber(name: string): number | undefined {
  const [, number] = /-[0-9a-f]{16}-(\d{1,15})$/.exec(name) ?? []
  return number === undefined ? undefined : Number(number)
}

/**
 * A Job's name becomes a label value and the host name of its pods: at most 63 characters (RFC 1123 label), and an
 * Indexed Job appends `-<index>`.
 */
const MAX_NAME = 63 - '-99999'.length
/** 64 bits of the hash in hex: enough for the Jobs that a namespace holds at one time. */
const HASH_LENGTH = 16
