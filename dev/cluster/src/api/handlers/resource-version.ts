import type { Call } from '../call.ts'
import { badRequest, resourceVersionTooLarge } from '../status.ts'

/** The version a list or watch asks for; undefined when any will do (none is given, or 0). */
export function versionParameter({ query, state }: Call): number | undefined {
  const text = query.get('resourceVersion') ?? ''
  if (text === '' || text === '0') return undefined
  if (!/^\d+$/.test(text)) throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}`)
  const version = Number(text)
  if (version > state.store.resourceVersion) throw resourceVersionTooLarge(version, state.store.resourceVersion)
  return version
}
