/** As in k8s.io/apimachinery/pkg/util/validation/field/errors.go; they become the `causes` of a Status. */
export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueNotFound'
  | 'FieldValueTooLong'
  | 'FieldValueTypeInvalid'

/** A field of an object, the type of its error, and a message in the API server's form. */
export interface FieldError {
  path: string
  type: FieldErrorType
  message: string
}

const fieldError = (type: FieldErrorType, path: string, ...message: string[]): FieldError => ({
  path,
  type,
  message: message.filter(Boolean).join(': '),
})

export const required = (path: string, detail = ''): FieldError =>
  fieldError('FieldValueRequired', path, 'Required value', detail)

export const invalidValue = (path: string, value: unknown, detail: string): FieldError =>
  fieldError('FieldValueInvalid', path, 'Invalid value', JSON.stringify(value), detail)

export const notSupported = (path: string, value: unknown, supported: readonly unknown[]): FieldError => {
  const list = supported.map((one) => JSON.stringify(one)).join(', ')
  return fieldError(
    'FieldValueNotSupported',
    path,
    'Unsupported value',
    JSON.stringify(value),
    `supported values: ${list}`,
  )
}

export const notFoundValue = (path: string, value: unknown): FieldError =>
  fieldError('FieldValueNotFound', path, 'Not found', JSON.stringify(value))

export const duplicate = (path: string, value: string): FieldError =>
  fieldError('FieldValueDuplicate', path, 'Duplicate value', JSON.stringify(value))

export const tooLong = (path: string, limit: number): FieldError =>
  fieldError('FieldValueTooLong', path, 'Too long', `may not be more than ${limit} bytes`)

export const wrongType = (path: string, detail: string): FieldError => fieldError('FieldValueTypeInvalid', path, detail)
