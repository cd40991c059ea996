import getPort from 'get-port'

const ATTEMPTS = 5

/** A loopback port that is free now. No other caller in this process gets it within 15 s. */
export function freePort(): Promise<number> {
  return getPort({ host: '127.0.0.1' })
}

/**
 * Retries `start` when its port was taken: another process may bind the port between the moment it was found free and
 * the moment the server binds it.
 */
export async function retryWhenPortTaken<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (attempt === ATTEMPTS || !isPortTaken(error)) throw error
    }
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use|port is already allocated/i.test(error.message)
}
