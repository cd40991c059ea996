import { isDefective, type Resolution, type Run } from '@opifer/core'
import type { RunContext } from './context.ts'

/** Finds the Operario for a run among the ConfigMaps that the informer keeps. Costs no call. */
export function resolve({ alert }: Run, { operarios }: Pick<RunContext, 'operarios'>): Resolution {
  return isDefective(alert) ? { kind: 'invalid', reason: alert.defect } : operarios.resolve(alert)
}
