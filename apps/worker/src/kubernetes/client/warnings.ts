/**
 * The texts of `Warning` headers (RFC 7234, section 5.5). By them the API server tells what it takes and yet has
 * something against, such as a Job whose pods their namespace will refuse. Its own have the code 299.
 */
export function readWarnings(header: string | string[] = []): string[] {
  return [header].flat().flatMap((line) => {
    const warnings = [...line.matchAll(WARNING)].filter(([, code]) => code === '299')
    return warnings.map(([, , text = '']) => text.replace(/\\(.)/g, '$1')).filter(Boolean)
  })
}

/** Code, agent and text in quotes; a date may follow. */
const WARNING = /(\d{3}) \S+ "((?:[^"\\]|\\.)*)"/g
