import type { ResourceName } from '../../store/types.ts'
import { configMapStrategy } from './config-map.ts'
import { eventStrategy } from './event.ts'
import { jobStrategy } from './job.ts'
import { namespaceStrategy } from './namespace.ts'
import { podStrategy } from './pod.ts'
import type { Strategy } from './strategy.ts'

export const strategies: Record<ResourceName, Strategy> = {
  namespaces: namespaceStrategy,
  configmaps: configMapStrategy,
  jobs: jobStrategy,
  pods: podStrategy,
  events: eventStrategy,
}
