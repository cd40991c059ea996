import { setTimeout as delay } from 'node:timers/promises'
import type { COMMON_OPTIONS } from '../config/common.ts'
import { type Config, type Files, type Options, parseConfig } from '../config/options.ts'
import { redisErrors } from '../redis/connect.ts'
import { createLogger, type Logger } from '../telemetry/logger.ts'
import { startTracing } from '../telemetry/start-tracing.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import { closeOnSignal, createLifecycle, type Lifecycle } from './lifecycle.ts'

export interface ProcessInput<Spec extends Options> {
  name: string
  options: Spec
  /** Without the executable and the script. */
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** Finds errors that involve several settings, such as a secret missing for the chosen method. */
  check?: (config: Config<Spec>) => string[]
}

/** What a process's `main.ts` starts from. */
export interface Process<Spec extends Options> {
  config: Config<Spec>
  files: Files<Spec>
  log: Logger
  lifecycle: Lifecycle
  tracing: Tracing
}

/**
 * Runs a process. Configuration errors go to standard error, all at once, and exit 1; a failed start is logged and exits
 * 1; a signal closes everything that `start` registered and exits 0.
 */
export async function runProcess<Spec extends Options & typeof COMMON_OPTIONS>(
  { name, options, argv, env, check = () => [] }: ProcessInput<Spec>,
  start: (process: Process<Spec>) => Promise<void>,
): Promise<void> {
  const parsed = parseConfig(options, argv, env)
  if (parsed.kind === 'help') {
    process.stdout.write(`${parsed.text}\n`)
    return
  }
  const errors = parsed.kind === 'errors' ? parsed.errors : [...redisErrors(parsed.config), ...check(parsed.config)]
  if (parsed.kind === 'errors' || errors.length > 0) {
    process.stderr.write(`${[`${name}: invalid configuration`, ...errors].join('\n  ')}\n`)
    process.exitCode = 1
    return
  }
  const { config, files } = parsed
  const log = createLogger(name, config.logLevel)
  const lifecycle = createLifecycle(log)
  closeOnSignal(lifecycle, log, config.shutdownTimeout)
  try {
    const tracing = await startTracing({ name, endpoint: config.otlpEndpoint, log })
    lifecycle.onClose('tracing', () => tracing.stop())
    await start({ config, files, log, lifecycle, tracing })
  } catch (err) {
    log.fatal({ err }, 'could not start')
    await Promise.race([lifecycle.close(), delay(config.shutdownTimeout)])
    // Exit explicitly: a handle left open must not keep a process alive that serves no purpose.
    process.exit(1)
  }
}
