/** Runs a command to its end. What goes wrong is told in words, without a stack, and exits 1. */
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
    ? `the port is taken: choose another with --port or --dashboardPort\n${message}`
    : message
}

/** Throws an error that says what was wanted when the text is no whole number of the range. */
export function parseNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new Error(`--${flag} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`)
}
