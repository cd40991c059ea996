import { X509Certificate } from 'node:crypto'
import { createSecureContext, type TlsOptions } from 'node:tls'
import { followFiles } from '../config/follow-files.ts'
import type { Config, Files, Options } from '../config/options.ts'
import { optionalAddress, optionalText } from '../config/values.ts'
import type { Logger } from '../telemetry/logger.ts'

/** How a process listens with TLS. */
export const TLS_OPTIONS = {
  tlsCert: {
    schema: optionalText(),
    file: true,
    help: 'file with the certificate to listen with TLS, its chain after it',
  },
  tlsKey: { schema: optionalText(), file: true, help: "file with the certificate's private key" },
  tlsClientCa: {
    schema: optionalText(),
    file: true,
    help: 'file with the authorities of which clients must show a certificate',
  },
  operationsAddr: {
    schema: optionalAddress(),
    help: 'where /healthz, /readiness and /metrics are served without TLS, instead of on --addr',
  },
} as const satisfies Options

export type TlsConfig = Config<typeof TLS_OPTIONS>

/** What a listener with TLS is made of. */
export interface Tls {
  /** As the files are now. */
  readonly options: TlsOptions
  /** Gives a listener what the files hold once they have changed. */
  onRenewal(renew: (options: TlsOptions) => void): void
  /** Takes note of a client with which no connection came about. */
  refused(error: Error): void
  close(): Promise<void>
}

export function tlsFaults({ tlsCert, tlsKey, tlsClientCa }: TlsConfig): string[] {
  if (!tlsCert && !tlsKey && !tlsClientCa) return []
  const missing = Object.entries({ tlsCert, tlsKey }).flatMap(([name, text]) => (text ? [] : [name]))
  if (missing.length > 0) return missing.map((name) => `--${name}: needed to listen with TLS`)
  try {
    checkedOptions({ tlsCert, tlsKey, tlsClientCa })
    return []
  } catch (error) {
    return [`--tlsCert, --tlsKey, --tlsClientCa: can't be used: ${messageOf(error)}`]
  }
}

/** Undefined where plain HTTP is spoken. */
export function openTls(
  config: TlsConfig,
  { files, log, intervalMs }: { files: Files<typeof TLS_OPTIONS>; log: Logger; intervalMs?: number },
): Tls | undefined {
  if (!config.tlsCert) return undefined
  let options = checkedOptions(config)
  const listeners: ((options: TlsOptions) => void)[] = []
  const follower = followFiles({
    files: onlyGiven({ tlsCert: files.tlsCert, tlsKey: files.tlsKey, tlsClientCa: files.tlsClientCa }),
    texts: onlyGiven({ tlsCert: config.tlsCert, tlsKey: config.tlsKey, tlsClientCa: config.tlsClientCa }),
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
    refused: (err) => log.debug({ err }, 'no connection came about with a client'),
    close: () => follower.close(),
  }
}

type Texts = { [Name in 'tlsCert' | 'tlsKey' | 'tlsClientCa']?: string | undefined }

/** Throws where they do not belong together, or one of them is not what it should be. */
function checkedOptions({ tlsCert, tlsKey, tlsClientCa }: Texts): TlsOptions {
  const options: TlsOptions = {
    cert: tlsCert,
    key: tlsKey,
    minVersion: 'TLSv1.2',
    ...(tlsClientCa && { ca: tlsClientCa, requestCert: true, rejectUnauthorized: true }),
  }
  createSecureContext(options)
  // A context is made of authorities that are none as well, and would then let nobody in.
  if (tlsClientCa) void new X509Certificate(tlsClientCa)
  return options
}

function onlyGiven(texts: Texts): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
