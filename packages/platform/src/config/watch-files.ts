import { readFile } from 'node:fs/promises'
import { every } from '../process/timers.ts'
import type { Logger } from '../telemetry/logger.ts'
import { fileText } from './options.ts'

/** Settings from files that belong together, such as a certificate and its key. */
export interface WatchedFiles<Name extends string> {
  /** The path of each setting. */
  files: Readonly<Record<Name, string>>
  /** The texts in use at the start. */
  texts: Readonly<Record<Name, string>>
  /** Takes all new texts at once, or throws and takes none. Its error must not quote them. */
  use: (texts: Readonly<Record<Name, string>>) => void
  log: Logger
  intervalMs?: number | undefined
}

export interface FileWatcher {
  close(): Promise<void>
}

/**
 * Reloads files when their contents change. Polling the contents, unlike file events, catches every kind of change: files
 * rewritten, replaced, or behind a symbolic link that is swapped, as Kubernetes does. A failed reload is logged as a
 * warning, and the previous contents stay in use.
 */
export function watchFiles<Name extends string>(watched: WatchedFiles<Name>): FileWatcher {
  const { files, use, log, intervalMs = 1_000 } = watched
  let inUse = watched.texts
  let last = watched.texts
  let lastError: string | undefined
  let logged: string | undefined

  async function poll(signal: AbortSignal): Promise<void> {
    const texts = await readAll(files, signal)
    // Files may be written one by one, or in several steps: wait until they stop changing.
    const isStable = isSame(texts, last)
    last = texts
    if (!isStable) return
    const isChanged = !isSame(texts, inUse)
    if (isChanged) use(texts)
    inUse = texts
    lastError = undefined
    logged = undefined
    if (isChanged) log.info({ files }, 'files reloaded')
  }

  /** While a file is being written it may be empty or missing for a moment, so an error must occur twice in a row. */
  function warn(reason: string): void {
    const isStable = reason === lastError
    lastError = reason
    if (!isStable || reason === logged) return
    log.warn({ files, reason }, 'reload failed; keeping previous contents')
    logged = reason
  }

  const poller = every(intervalMs, poll, { onError: (error) => warn((error as Error).message) })
  return { close: async () => poller[Symbol.asyncDispose]() }
}

async function readAll<Name extends string>(
  files: Readonly<Record<Name, string>>,
  signal: AbortSignal,
): Promise<Record<Name, string>> {
  const entries = Object.entries<string>(files).map(async ([name, path]) => {
    const text = fileText(await readFile(path, { encoding: 'utf8', signal }))
    if (text === '') throw new Error(`${path} is empty`)
    return [name, text]
  })
  return Object.fromEntries(await Promise.all(entries)) as Record<Name, string>
}

function isSame<Name extends string>(
  one: Readonly<Record<Name, string>>,
  other: Readonly<Record<Name, string>>,
): boolean {
  return Object.entries<string>(one).every(([name, text]) => other[name as Name] === text)
}
