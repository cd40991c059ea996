/** How the client wants the answer, or undefined when it accepts no JSON at all. Its order of preference decides. */
export function negotiate(accept: string | undefined): 'object' | 'table' | undefined {
  for (const range of (accept || '*/*').split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim())
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice('as='.length)
    const isJson = type === 'application/json' || type === 'application/*' || type === '*/*'
    if (isJson && as === undefined) return 'object'
    if (isJson && as === 'Table' && parameters.includes('g=meta.k8s.io')) return 'table'
  }
  return undefined
}
