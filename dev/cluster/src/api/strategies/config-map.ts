import { isDeepStrictEqual } from 'node:util'
import { validateConfigMap } from '../../validation/config-map.ts'
import { forbiddenValue } from '../../validation/field-error.ts'
import { configMap as shape } from '../../validation/shapes.ts'
import { nothing, type Strategy } from './strategy.ts'

export const configMapStrategy: Strategy = {
  shape,
  hasStatus: false,
  setDefaults: nothing,
  prepareForCreate: nothing,
  validate: validateConfigMap,
  validateUpdate(next, before) {
    if (before.immutable !== true) return []
    return ['data', 'binaryData', 'immutable']
      .filter((field) => !isDeepStrictEqual(next[field], before[field]))
      .map((field) => forbiddenValue(field, 'field is immutable when `immutable` is set'))
  },
}
