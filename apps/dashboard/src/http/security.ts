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

/** For everything but Bull Board: no script and no style but the ones that this server has as files. */
export function pageSecurity(): MiddlewareHandler {
  return secured({ ...COMMON, styleSrc: OWN, imgSrc: OWN })
}

/**
 * For Bull Board, which writes `style` attributes and elements, draws with `data:` images, and begins its page with a
 * `base`. Scripts are its files alone here too.
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
    // Whether a host is reached by TLS alone is for whoever serves it to say.
    strictTransportSecurity: false,
  })
}
