import type { RequestInfo } from '../api/request-info.ts'
import type { Fault } from './fault-rule.ts'

/** The faults as the server meets them on its way through a request. */
export interface FaultGate {
  /** Asked once a request: how long it is held up, and what befalls it then. */
  onRequest(info: RequestInfo): { delay: number; fault?: Fault }
  /** Asked when a watch opens. */
  silences(info: RequestInfo): boolean
  /** Asked for each event of a watch. */
  onEvent(info: RequestInfo, name: string): { delay: number; duplicate: boolean; stale: boolean }
}
