import { parseFieldSelector, parseLabelSelector, type Selector } from '../../store/selectors.ts'
import type { KubeObject } from '../../store/types.ts'
import type { Call } from '../call.ts'
import { badRequest } from '../status.ts'

/** Which objects a list, a watch or a deletion is about, by its selectors. */
export function selection({ info, query }: Call): (object: KubeObject) => boolean {
  const labels = readable(parseLabelSelector(query.get('labelSelector') ?? ''))
  const fields = readable(parseFieldSelector(info.resource.name, query.get('fieldSelector') ?? ''))
  return (object) => labels(object) && fields(object)
}

function readable(selector: Selector): (object: KubeObject) => boolean {
  if (!selector.ok) throw badRequest(selector.error)
  return selector.matches
}
