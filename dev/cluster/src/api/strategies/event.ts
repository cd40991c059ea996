import { invalidValue } from '../../validation/field-error.ts'
import { validateMetadata } from '../../validation/metadata.ts'
import { event as shape } from '../../validation/shapes.ts'
import { fieldsOf, textOf } from '../../validation/value.ts'
import { noErrors, nothing, type Strategy } from './strategy.ts'

export const eventStrategy: Strategy = {
  shape,
  hasStatus: false,
  setDefaults: nothing,
  prepareForCreate: nothing,
  validate(object) {
    const errors = validateMetadata(fieldsOf(object.metadata))
    const about = textOf(fieldsOf(object.involvedObject).namespace)
    // Events of cluster-scoped objects stand in `default`; see ValidateEventCreate in kubernetes/pkg/apis/core/validation/events.go.
    if (about !== object.metadata.namespace && !(about === '' && object.metadata.namespace === 'default')) {
      errors.push(invalidValue('involvedObject.namespace', about, 'does not match event.namespace'))
    }
    return errors
  },
  validateUpdate: noErrors,
}
