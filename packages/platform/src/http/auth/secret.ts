import { createHash } from 'node:crypto'
import { followFiles } from '../../config/follow-files.ts'
import type { VerifierDeps } from './verifier.ts'

/** A secret that callers must know. From a file, it follows what the file holds. */
export interface Secret {
  matches(given: string): boolean
  close(): Promise<void>
}

/** `name` is the setting's. `check` throws what is wrong with a new secret, in words that do not show it. */
export function openSecret(
  name: string,
  text: string,
  { files, log, isEqual, intervalMs }: VerifierDeps,
  check: (text: string) => void = () => {},
): Secret {
  let expected = sha256(text)
  const path = files[name]
  const follower =
    path !== undefined &&
    followFiles({
      files: { [name]: path },
      texts: { [name]: text },
      use(texts) {
        const renewed = texts[name] ?? ''
        check(renewed)
        expected = sha256(renewed)
      },
      log,
      intervalMs,
    })
  return {
    // Digests are of one length whatever was sent, so that neither length nor content shows in the time it takes.
    matches: (given) => isEqual(sha256(given), expected),
    async close() {
      if (follower) await follower.close()
    },
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
