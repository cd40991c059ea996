import type { Tracing } from '@opifer/platform/telemetry'
import type { ApiMetrics } from '../../metrics.ts'
import { monotonic } from '../../monotonic.ts'
import type { Call, Transport } from './transport.ts'

export interface TransportObservers {
  metrics: ApiMetrics
  tracing: Pick<Tracing, 'span'>
}

/** What a call asks for, in the words of Kubernetes' roles. */
export interface CallKind {
  verb: 'create' | 'get' | 'list' | 'watch' | 'patch' | 'delete'
  /** With its subresource, as in `pods/log`. */
  resource: string
}

/** Counts and times all calls to the API server, and makes each a span of the trace that it is made in. */
export function observeTransport(send: Transport, { metrics, tracing }: TransportObservers): Transport {
  return function observed(call) {
    const kind = kindOf(call)
    return tracing.span(`${kind.verb} ${kind.resource}`, attributesOf(kind), async (annotate) => {
      const startedAt = monotonic()
      const seconds = () => (monotonic() - startedAt) / 1_000
      try {
        const response = await send(call)
        metrics.called(kind, String(response.statusCode), seconds())
        annotate({ 'http.response.status_code': response.statusCode })
        return response
      } catch (error) {
        // As client-go counts calls that nobody answered.
        metrics.called(kind, '<error>', seconds())
        throw error
      }
    })
  }
}

export function kindOf({ method, path, query }: Pick<Call, 'method' | 'path' | 'query'>): CallKind {
  const [, rest = ''] = /\/namespaces\/[^/]+\/(.+)$/.exec(path) ?? []
  const [resource = '', name, subresource] = rest.split('/')
  const verb = VERBS[method] ?? (name !== undefined ? 'get' : query?.['watch'] ? 'watch' : 'list')
  return { verb, resource: subresource === undefined ? resource : `${resource}/${subresource}` }
}

const VERBS: Partial<Record<Call['method'], CallKind['verb']>> = { POST: 'create', PATCH: 'patch', DELETE: 'delete' }

function attributesOf({ verb, resource }: CallKind) {
  return { 'k8s.api.verb': verb, 'k8s.api.resource': resource }
}
