/**
 * Kubernetes' own rules for names, labels and variables, implemented independently of the code under test.
 */

/** Segments of `[a-z0-9]` and dashes, joined by dots: the names of ConfigMaps. */
export const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
/** The names of Jobs, which become host names. */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
export const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/
export const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/
export const CONFIG_MAP_KEY = /^[-._a-zA-Z0-9]+$/

/** Bytes of `NAME=value` without its final NUL: Linux' MAX_ARG_STRLEN is 131,072. */
export const MAX_ENV_ENTRY = 131_071

/** A prefix that is a DNS subdomain, a slash, and a name of at most 63 characters. */
export function isLabelKey(key: string): boolean {
  const slash = key.lastIndexOf('/')
  const [prefix, name] = [key.slice(0, Math.max(0, slash)), key.slice(slash + 1)]
  const prefixFits = slash === -1 || (prefix.length <= 253 && DNS_SUBDOMAIN.test(prefix))
  return prefixFits && name !== '' && name.length <= 63 && LABEL_VALUE.test(name)
}

/**
 * The kubelet's expansion of `$(NAME)` (third_party/forked/golang/expansion). It works on bytes and mangles a non-ASCII
 * one after a dollar sign.
 */
export function expand(value: string, lookUp: (name: string) => string = (name) => `<value of ${name}>`): string {
  // As Latin-1 each character is one byte.
  const bytes = Buffer.from(value).toString('latin1')
  const expanded = bytes.replace(/\$(?:\(([^)]*)\)|([^]))/g, (_, name: string | undefined, next: string) => {
    if (name !== undefined) return latin1(lookUp(Buffer.from(name, 'latin1').toString()))
    return next === '$' ? '$' : `$${latin1(next)}`
  })
  return Buffer.from(expanded, 'latin1').toString()
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
