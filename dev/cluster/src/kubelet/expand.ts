/**
 * Kubernetes' references to variables, as in `$(NAME)`. What `lookup` does not know stays as it is, `$$` is an escaped `$`,
 * and values are not expanded again. The rules are those of k8s.io/kubernetes/third_party/forked/golang/expansion.
 */
export function expand(input: string, lookup: (name: string) => string | undefined): string {
  // Behind the last `)` no reference can end. Looking for ends there would make `$($($(…` quadratic.
  const end = input.lastIndexOf(')') + 1
  const head = input.slice(0, end).replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) => {
    return name === undefined ? '$' : (lookup(name) ?? match)
  })
  return head + input.slice(end).replaceAll('$$', () => '$')
}
