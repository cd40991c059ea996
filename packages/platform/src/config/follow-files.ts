import { readFile } from 'node:fs/promises'
import { every } from '../process/every.ts'
import type { Logger } from '../telemetry/logger.ts'
import { fileText } from './file-text.ts'

/** Settings that were read from files and belong together, such as a certificate and its key. */
export interface FollowedFiles<Name extends string> {
  /** Where each setting stands. */
  files: Readonly<Record<Name, string>>
  /** What is in use when the look-out begins. */
  texts: Readonly<Record<Name, string>>
  /** Takes what the files hold now, all or nothing; throws what is wrong with it, in words that show none of it. */
  use: (texts: Readonly<Record<Name, string>>) => void
  log: Logger
  intervalMs?: number | undefined
}

export interface FileFollower {
  close(): Promise<void>
}

/**
 * Reads files again and again, and has what changed used. Looking at what they hold, rather than waiting for events, finds
 * every way in which files are changed: written anew, replaced, or behind a symbolic link that is swapped, as Kubernetes does.
 * What can't be read or used is warned of, and what was in use before stays so.
 */
export function followFiles<Name extends string>(followed: FollowedFiles<Name>): FileFollower {
  const { files, use, log, intervalMs = 1_000 } = followed
  let inUse = followed.texts
  let last = followed.texts
  let suspected: string | undefined
  let told: string | undefined

  async function look(signal: AbortSignal): Promise<void> {
    const texts = await readAll(files, signal)
    // Files that are written one after the other, or in several steps, are used once they rest.
    const isAtRest = isSame(texts, last)
    last = texts
    if (!isAtRest) return
    const isChanged = !isSame(texts, inUse)
    if (isChanged) use(texts)
    inUse = texts
    suspected = undefined
    told = undefined
    if (isChanged) log.info({ files }, 'files have changed: what they hold now is used')
  }

  /** A file that is just being written may be empty, or gone, for a moment. */
  function warn(fault: string): void {
    const isAtRest = fault === suspected
    suspected = fault
    if (!isAtRest || fault === told) return
    log.warn({ files, fault }, 'files have changed and can not be used: what they held before is kept')
    told = fault
  }

  const poller = every(intervalMs, look, { onError: (error) => warn((error as Error).message) })
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
