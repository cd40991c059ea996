/** As k8s.io/apimachinery/pkg/util/validation/field/errors.go has them; they become the `causes` of a Status. */
export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueNotFound'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'

/** One fault of an object: where, of what sort, and what is wrong, in the API server's words. */
export interface FieldError {
  path: string
  type: FieldErrorType
  message: string
}

export const required = (path: string, detail = ''): FieldError => ({
  path,
  type: 'FieldValueRequired',
  message: withDetail('Required value', detail),
})

export const invalidValue = (path: string, value: unknown, detail: string): FieldError => ({
  path,
  type: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${detail}`,
})

export const notSupported = (path: string, value: unknown, supported: readonly string[]): FieldError => ({
  path,
  type: 'FieldValueNotSupported',
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`,
})

export const notFoundValue = (path: string, value: string): FieldError => ({
  path,
  type: 'FieldValueNotFound',
  message: `Not found: ${JSON.stringify(value)}`,
})

export const duplicate = (path: string, value: string): FieldError => ({
  path,
  type: 'FieldValueDuplicate',
  message: `Duplicate value: ${JSON.stringify(value)}`,
})

export const forbiddenValue = (path: string, detail: string): FieldError => ({
  path,
  type: 'FieldValueForbidden',
  message: `Forbidden: ${detail}`,
})

export const tooLong = (path: string, limit: number): FieldError => ({
  path,
  type: 'FieldValueTooLong',
  message: `Too long: may not be more than ${limit} bytes`,
})

export const wrongType = (path: string, detail: string): FieldError => ({
  path,
  type: 'FieldValueTypeInvalid',
  message: detail,
})

const withDetail = (message: string, detail: string): string => (detail ? `${message}: ${detail}` : message)
