import type { Address } from '../../config/values.ts'
import type { AuthConfig } from './options.ts'

/** Why a process may not listen there: whoever reaches it would be let in, and nobody said that they may. */
export function exposureFault(
  addr: Address,
  authMethod: AuthConfig['authMethod'],
  allowUnauthenticated: boolean,
): string | undefined {
  if (authMethod !== 'none' || allowUnauthenticated || isLoopback(addr.host)) return undefined
  const where = addr.host === '' ? 'all addresses of this machine' : addr.host
  return (
    `--addr: without authentication it would be open to all who reach ${where}: ` +
    'choose an --authMethod, listen on 127.0.0.1, or say --allowUnauthenticated=true'
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
