import type { Files } from '../../config/options.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Caller } from './caller.ts'

/** One method of authentication at work. */
export interface Verifier {
  /** Looks at the headers of a request only. */
  verify(request: Request): Verdict | Promise<Verdict>
  /** Stops the look-out for changed files. */
  close(): Promise<void>
}

export type Verdict =
  | { kind: 'caller'; caller: Caller }
  /** The credentials are missing or wrong. `reason` says how and shows none of them. */
  | { kind: 'refused'; challenge: string; reason: string }
  /** The credentials are right, and stand for nobody who may do anything here. */
  | { kind: 'forbidden'; reason: string }
  /** Nobody can tell now. */
  | { kind: 'unavailable'; reason: string }

/** What verifiers are made with. */
export interface VerifierDeps {
  files: Files
  log: Logger
  /** Milliseconds since 1970. */
  now: () => number
  /** Compares two digests in constant time. */
  isEqual: (one: Uint8Array, other: Uint8Array) => boolean
  /** How often files are looked at, in milliseconds. */
  intervalMs?: number | undefined
}
