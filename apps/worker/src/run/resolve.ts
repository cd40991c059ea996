import { isInvalid, type Resolution, type Run } from '@opifer/core'
import type { RunContext } from './context.ts'

/** Finds the Operario for a run among the ConfigMaps that the informer keeps. Costs no call. */
export function resolve({ alert }: Run, { operarios }: Pick<RunContext, 'operarios'>): Resolution {
  return isInvalid(alert) ? { kind: 'invalid', reason: alert.invalid } : operarios.resolve(alert)
}
