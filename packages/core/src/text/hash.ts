import { hash } from 'node:crypto'

const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n

/** 64-bit FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), the hash in Prometheus' fingerprints and OpenFero's group keys. */
export function fnv1a64(bytes: Iterable<number>): bigint {
  let sum = OFFSET
  for (const byte of bytes) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * PRIME)
  return sum
}

/** SHA-256 in hex over a list of strings. The encoding is unambiguous: different lists never share one. */
export function sha256(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex')
}
