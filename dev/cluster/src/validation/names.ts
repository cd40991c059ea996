/** What is wrong with a name, or undefined. The rules are k8s.io/apimachinery/pkg/util/validation/validation.go. */
export type NameRule = (name: string) => string | undefined

export const dnsLabel: NameRule = rule(
  63,
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/,
  "must be an RFC 1123 label: lower-case letters, digits and '-', with a letter or digit at either end",
)

export const dnsSubdomain: NameRule = rule(
  253,
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
  "must be an RFC 1123 subdomain: RFC 1123 labels of lower-case letters, digits and '-', joined by '.'",
)

export const labelValue: NameRule = rule(
  63,
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?$/,
  "must be empty or letters, digits, '-', '_' and '.', with a letter or digit at either end",
)

const qualifiedPart: NameRule = rule(
  63,
  /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/,
  "name part must be letters, digits, '-', '_' and '.', with a letter or digit at either end",
)

/** The key of a label or annotation: a name, with a DNS subdomain before it if need be. */
export const qualifiedName: NameRule = (name) => {
  const parts = name.split('/')
  if (parts.length > 2) return "must be a name with at most one prefix before a '/'"
  const [prefix, part] = parts.length === 2 ? parts : [undefined, name]
  if (prefix === '') return 'prefix part must be non-empty'
  const wrongPrefix = prefix === undefined ? undefined : dnsSubdomain(prefix)
  return (wrongPrefix && `prefix part ${wrongPrefix}`) ?? qualifiedPart(part ?? '')
}

const configMapKeyRule = rule(253, /^[A-Za-z0-9._-]+$/, "must be letters, digits, '-', '_' and '.'")

/** A key becomes a file name when the ConfigMap is mounted, so it must not lead out of its directory. */
export const configMapKey: NameRule = (key) =>
  key === '.' || key.startsWith('..') ? "must not be '.' or start with '..'" : configMapKeyRule(key)

/** The relaxed rule, in force since Kubernetes 1.34; see KEP-4369. */
export const envName: NameRule = (name) => {
  if (name === '') return 'environment variable name must be non-empty'
  return /^[ -<>-~]+$/.test(name) ? undefined : "must be printable ASCII other than '='"
}

/** A name that random characters are still to be put behind: it may end in a dash. */
export function asPrefix(check: NameRule): NameRule {
  return (prefix) => check(prefix.endsWith('-') ? `${prefix.slice(0, -1)}a` : prefix)
}

function rule(maxLength: number, pattern: RegExp, complaint: string): NameRule {
  return (name) => {
    if (Buffer.byteLength(name) > maxLength) return `must be no more than ${maxLength} bytes`
    return pattern.test(name) ? undefined : complaint
  }
}
