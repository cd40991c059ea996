import { X509Certificate } from 'node:crypto'
import { createSecureContext, type TlsOptions } from 'node:tls'
import type { Config, Files, Options } from '../config/options.ts'
import { optionalAddress, optionalString } from '../config/values.ts'
import { watchFiles } from '../config/watch-files.ts'
import type { Logger } from '../telemetry/logger.ts'

/** Settings for listening with TLS. */
export const TLS_OPTIONS = {
  tlsCert: {
    schema: optionalString(),
    file: true,
    help: 'file with the server certificate and its chain (default none: no TLS)',
  },
  tlsKey: { schema: optionalString(), file: true, help: 'file with the private key of --tlsCert' },
  tlsClientCa: {
    schema: optionalString(),
    file: true,
    help: 'file with the CA bundle for verifying client certificates (mTLS)',
  },
  operationsAddr: {
    schema: optionalAddress(),
    help: 'separate address for /healthz, /readiness and /metrics, without TLS (default: on --addr)',
  },
} as const satisfies Options

export type TlsConfig = Config<typeof TLS_OPTIONS>

/** The TLS side of a listener. */
export interface Tls {
  /** From the current contents of the files. */
  readonly options: TlsOptions
  /** Calls `renew` after each reload of the files. */
  onRenewal(renew: (options: TlsOptions) => void): void
  /** Logs a failed handshake. */
  onClientError(error: Error): void
  close(): Promise<void>
}

export function tlsErrors({ tlsCert, tlsKey, tlsClientCa }: TlsConfig): string[] {
  if (!tlsCert && !tlsKey && !tlsClientCa) return []
  const missing = Object.entries({ tlsCert, tlsKey }).flatMap(([name, text]) => (text ? [] : [name]))
  if (missing.length > 0) return missing.map((name) => `--${name}: required for TLS`)
  try {
    checkedOptions({ tlsCert, tlsKey, tlsClientCa })
    return []
  } catch (error) {
    return [`--tlsCert, --tlsKey, --tlsClientCa: can't be used: ${messageOf(error)}`]
  }
}

/** Undefined without TLS. */
export function openTls(
  config: TlsConfig,
  { files, log, intervalMs }: { files: Files<typeof TLS_OPTIONS>; log: Logger; intervalMs?: number },
): Tls | undefined {
  if (!config.tlsCert) return undefined
  let options = checkedOptions(config)
  const listeners: ((options: TlsOptions) => void)[] = []
  const watcher = watchFiles({
    files: withoutUndefined({ tlsCert: files.tlsCert, tlsKey: files.tlsKey, tlsClientCa: files.tlsClientCa }),
    texts: withoutUndefined({ tlsCert: config.tlsCert, tlsKey: config.tlsKey, tlsClientCa: config.tlsClientCa }),
    use(renewed) {
      options = checkedOptions(renewed)
      for (const renew of listeners) renew(options)
    },
    log,
    intervalMs,
  })
  return {
    get options() {
      return options
    },
    onRenewal: (renew) => void listeners.push(renew),
    onClientError: (err) => log.debug({ err }, 'TLS handshake failed'),
    close: () => watcher.close(),
  }
}

type Texts = { [Name in 'tlsCert' | 'tlsKey' | 'tlsClientCa']?: string | undefined }

/** Throws if a text is invalid or the key does not match the certificate. */
function checkedOptions({ tlsCert, tlsKey, tlsClientCa }: Texts): TlsOptions {
  const options: TlsOptions = {
    cert: tlsCert,
    key: tlsKey,
    minVersion: 'TLSv1.2',
    ...(tlsClientCa && { ca: tlsClientCa, requestCert: true, rejectUnauthorized: true }),
  }
  createSecureContext(options)
  // createSecureContext accepts an invalid CA, which would then reject every client.
  if (tlsClientCa) void new X509Certificate(tlsClientCa)
  return options
}

function withoutUndefined(texts: Texts): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
