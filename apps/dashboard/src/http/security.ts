import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

const NOTHING = ["'none'"]
const OWN = ["'self'"]

const COMMON = {
  defaultSrc: NOTHING,
  scriptSrc: OWN,
  connectSrc: OWN,
  formAction: OWN,
  baseUri: NOTHING,
  frameAncestors: NOTHING,
}

/** For everything except Bull Board: only scripts and styles that this server has as files. */
export function pageSecurity(): MiddlewareHandler {
  return secured({ ...COMMON, styleSrc: OWN, imgSrc: OWN })
}

/**
 * For Bull Board, which writes `style` attributes and elements, uses `data:` images, and has a `base` element. Scripts
 * must be files here too.
 */
export function boardSecurity(): MiddlewareHandler {
  return secured({
    ...COMMON,
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: OWN,
    baseUri: OWN,
  })
}

function secured(contentSecurityPolicy: Record<string, string[]>): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy,
    crossOriginResourcePolicy: 'same-origin',
    referrerPolicy: 'same-origin',
    xFrameOptions: 'DENY',
    // Whether a host is reachable only by TLS is the decision of its operator.
    strictTransportSecurity: false,
  })
}
