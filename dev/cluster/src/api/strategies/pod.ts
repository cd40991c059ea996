import { isDeepStrictEqual } from 'node:util'
import { copyJson } from '../../store/json.ts'
import { forbiddenValue } from '../../validation/field-error.ts'
import { validatePod } from '../../validation/pod-template.ts'
import { pod as shape } from '../../validation/shapes.ts'
import { type Fields, fieldsOf, itemsOf } from '../../validation/value.ts'
import { setPodSpecDefaults } from './pod-defaults.ts'
import type { Strategy } from './strategy.ts'

const mutable = ['activeDeadlineSeconds', 'terminationGracePeriodSeconds', 'tolerations']

export const podStrategy: Strategy = {
  shape,
  hasStatus: true,
  setDefaults(draft) {
    setPodSpecDefaults((draft.spec ??= {}) as Fields)
  },
  prepareForCreate(draft) {
    draft.status = { phase: 'Pending' }
  },
  validate: validatePod,
  validateUpdate(next, before) {
    if (isDeepStrictEqual(fixedPart(fieldsOf(next.spec)), fixedPart(fieldsOf(before.spec)))) return []
    return [forbiddenValue('spec', `pod updates may not change fields other than images, ${mutable.join(', ')}`)]
  },
}

function fixedPart(spec: Fields): Fields {
  const part = copyJson(spec)
  for (const field of mutable) delete part[field]
  for (const container of [...itemsOf(part.containers), ...itemsOf(part.initContainers)])
    delete fieldsOf(container).image
  return part
}
