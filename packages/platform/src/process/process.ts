import { setTimeout as delay } from 'node:timers/promises'
import type { COMMON_OPTIONS } from '../config/common.ts'
import { type Config, type Files, type Options, parseConfig } from '../config/options.ts'
import { closeOnSignal, createLifecycle, type Lifecycle } from './lifecycle.ts'
import { createLogger, type Logger } from '../telemetry/logger.ts'
import { redisFaults } from '../redis/connect.ts'
import { startTracing, type Tracing } from '../telemetry/tracing.ts'

export interface ProcessInput<Spec extends Options> {
  name: string
  options: Spec
  /** Without the program and its script. */
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** Finds what no setting shows by itself, such as a secret that is missing for the method chosen. */
  check?: (config: Config<Spec>) => string[]
}

/** What a process's `main.ts` is given to start from. */
export interface Process<Spec extends Options> {
  config: Config<Spec>
  files: Files<Spec>
  log: Logger
  lifecycle: Lifecycle
  tracing: Tracing
}

/**
 * Runs a process from its configuration to its end. Faults of the configuration go to standard error, all at once, and
 * exit 1; a start that fails is logged and exits 1; a signal closes all that `start` registered and exits 0.
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
  const faults = parsed.kind === 'faults' ? parsed.faults : [...redisFaults(parsed.config), ...check(parsed.config)]
  if (parsed.kind === 'faults' || faults.length > 0) {
    process.stderr.write(`${[`${name} can't start:`, ...faults].join('\n  ')}\n`)
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
    // Said outright: whatever may still be open must not keep a process that serves nobody.
    process.exit(1)
  }
}
