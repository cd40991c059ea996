export { type Authentication, createAuthentication } from './authentication.ts'
export { type AuthEnv, requireRole } from './caller.ts'
export { authErrors, exposureError } from './errors.ts'
export { AUTH_OPTIONS, EXPOSURE_OPTIONS } from './options.ts'
