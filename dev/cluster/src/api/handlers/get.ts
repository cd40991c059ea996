import type { KubeObject } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { notFound } from '../status.ts'

export function get(call: Call): Answer {
  return { code: 200, body: existing(call) }
}

export function existing({ info, state }: Call): KubeObject {
  const name = info.name ?? ''
  const object = state.store.get(info.resource.name, info.namespace, name)
  if (!object) throw notFound(info.resource, name)
  return object
}
