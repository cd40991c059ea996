/** Runs a command. An error prints its message without a stack and sets exit code 1. */
export async function runCommand(command: () => Promise<boolean>): Promise<void> {
  try {
    process.exitCode = (await command()) ? 0 : 1
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`)
    process.exitCode = 1
  }
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.includes('EADDRINUSE')
    ? `port already in use: choose another with --port or --dashboardPort\n${message}`
    : message
}

/** Throws if the text is not an integer from min to max. */
export function parseNumber(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new Error(`--${flag} must be an integer from ${min} to ${max}, not ${JSON.stringify(text)}`)
}
