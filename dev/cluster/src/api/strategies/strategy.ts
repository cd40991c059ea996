import type { KubeObject } from '../../store/types.ts'
import type { FieldError } from '../../validation/field-error.ts'
import type { Shape } from '../../validation/shape.ts'

/** What is particular to a kind when it is written; the API server calls it a strategy as well. */
export interface Strategy {
  shape: Shape
  /** Kinds with a status have it written through `/status` alone. */
  hasStatus: boolean
  /** Fills in what a client left out, in whatever it sends. */
  setDefaults(draft: KubeObject): void
  /** Sets what the server alone decides. The draft has its uid and name. */
  prepareForCreate(draft: KubeObject): void
  validate(object: KubeObject): FieldError[]
  validateUpdate(next: KubeObject, before: KubeObject): FieldError[]
}

export const noErrors = (): FieldError[] => []
export const nothing = (): void => {}
