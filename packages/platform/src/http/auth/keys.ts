import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose'
import { followFiles } from '../../config/follow-files.ts'
import { issuerKeys, type Keys } from './issuer-keys.ts'
import { parseKeySet } from './key-set.ts'
import type { AuthConfig } from './options.ts'
import type { VerifierDeps } from './verifier.ts'

/** The keys that tokens are verified with: of a file, or as the issuer shows them. */
export function openKeys(config: AuthConfig, deps: VerifierDeps): Keys {
  return config.authJwtJwksFile ? fileKeys(config.authJwtJwksFile, deps) : issuerKeys(config, deps)
}

function fileKeys(text: string, { files, log, intervalMs }: VerifierDeps): Keys {
  let find = localKeys(text)
  const follower = followFiles({
    files: { authJwtJwksFile: files['authJwtJwksFile'] ?? '' },
    texts: { authJwtJwksFile: text },
    use({ authJwtJwksFile }) {
      find = localKeys(authJwtJwksFile)
    },
    log,
    intervalMs,
  })
  return { find: (header, token) => find(header, token), close: () => follower.close() }
}

function localKeys(text: string): JWTVerifyGetKey {
  const parsed = parseKeySet(text)
  if (!parsed.ok) throw new Error(parsed.fault)
  return createLocalJWKSet(parsed.keySet)
}
