import type { Call } from '../call.ts'
import { ApiError, badRequest } from '../status.ts'

/** What etcd takes in one request by default; see the flag `--max-request-bytes` of etcd. */
const STORED_SIZE_LIMIT = 1.5 * 1024 * 1024

/** Whether to check everything and store nothing. */
export function isDryRun({ query }: Call): boolean {
  return includesAll(query.getAll('dryRun'))
}

export function includesAll(dryRun: readonly unknown[]): boolean {
  const wrong = dryRun.find((value) => value !== 'All')
  if (wrong !== undefined) throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(wrong)}, supported is "All"`)
  return dryRun.length > 0
}

/** The API server has no rule of its own here: it hands on etcd's refusal, which looks like a fault of the server. */
export function checkStoredSize({ bodySize }: Call): void {
  if (bodySize > STORED_SIZE_LIMIT) throw new ApiError(500, '', 'etcdserver: request is too large')
}
