import { validateMetadata } from '../../validation/metadata.ts'
import { dnsLabel } from '../../validation/names.ts'
import { namespace as shape } from '../../validation/shapes.ts'
import { fieldsOf } from '../../validation/value.ts'
import { noErrors, nothing, type Strategy } from './strategy.ts'

export const namespaceStrategy: Strategy = {
  shape,
  hasStatus: true,
  setDefaults: nothing,
  prepareForCreate(draft) {
    draft.metadata.labels = { ...draft.metadata.labels, 'kubernetes.io/metadata.name': draft.metadata.name }
    draft.spec = { finalizers: ['kubernetes'] }
    draft.status = { phase: 'Active' }
  },
  validate: (object) => validateMetadata(fieldsOf(object.metadata), dnsLabel),
  validateUpdate: noErrors,
}
