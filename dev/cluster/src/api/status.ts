import { qualified, type Resource } from '../resources.ts'
import type { FieldError } from '../validation/field-error.ts'

/** The API server's answer if it is not an object; see k8s.io/apimachinery/pkg/apis/meta/v1, type Status. */
export interface Status {
  apiVersion: 'v1'
  kind: 'Status'
  metadata: object
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: StatusDetails
  code: number
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: { reason?: string; message?: string; field?: string }[]
  retryAfterSeconds?: number
}

/** An error that is sent to the client. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: Status

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message)
    this.status = { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure', message, reason, code }
    if (details) this.status.details = details
  }
}

export function success(details: StatusDetails): Status {
  return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success', details, code: 200 }
}

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message)

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized')

export const forbidden = (resource: Resource, name: string, why: string): ApiError =>
  new ApiError(403, 'Forbidden', `${naming(resource, name)} is forbidden: ${why}`, about(resource, name))

export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})

export const notFound = (resource: Resource, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${naming(resource, name)} not found`, about(resource, name))

export const methodNotAllowed = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

export const notAcceptable = (): ApiError =>
  new ApiError(406, 'NotAcceptable', 'only the following media types are accepted: application/json')

export const alreadyExists = (resource: Resource, name: string): ApiError =>
  new ApiError(409, 'AlreadyExists', `${naming(resource, name)} already exists`, about(resource, name))

export const conflict = (resource: Resource, name: string, why: string): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${naming(resource, name)}: ${why}`,
    about(resource, name),
  )

export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message)

export const entityTooLarge = (limit: number): ApiError =>
  new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limit}`)

export const unsupportedMediaType = (accepted: readonly string[]): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )

/** An object that violates the rules of its kind, with all errors at once. */
export function invalid(resource: Resource, name: string, errors: readonly FieldError[]): ApiError {
  const texts = errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const kind = qualified(resource.kind, resource)
  return new ApiError(422, 'Invalid', `${kind} ${JSON.stringify(name)} is invalid: ${list}`, {
    ...about(resource, name),
    kind: resource.kind,
    causes: errors.map(({ type, message, path }) => ({ reason: type, message, field: path })),
  })
}

/** A version from the future: the client has talked to another, newer server. */
export const resourceVersionTooLarge = (wanted: number, current: number): ApiError =>
  new ApiError(504, 'Timeout', `Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

export const internalError = (error: unknown): ApiError =>
  new ApiError(500, 'InternalError', `Internal error occurred: ${error instanceof Error ? error.message : 'unknown'}`)

const naming = (resource: Resource, name: string): string =>
  `${qualified(resource.name, resource)} ${JSON.stringify(name)}`

const about = (resource: Resource, name: string): StatusDetails => ({
  name,
  ...(resource.group && { group: resource.group }),
  kind: resource.name,
})
