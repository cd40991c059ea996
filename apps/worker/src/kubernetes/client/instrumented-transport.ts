import type { Tracing } from '@opifer/platform/telemetry'
import type { Call, Transport } from './transport.ts'

export interface TransportInstruments {
  /** @param code HTTP status, or `<error>` when no response arrived */
  onCall: (verb: string, resource: string, code: string, seconds: number) => void
  tracing: Pick<Tracing, 'span'>
}

/** Counts and times every call to the API server, and records it as a span of the current trace. */
export function instrumentTransport(send: Transport, { onCall, tracing }: TransportInstruments): Transport {
  return function instrumented(call) {
    const { verb, resource } = describeCall(call)
    const attributes = { 'k8s.api.verb': verb, 'k8s.api.resource': resource }
    return tracing.span(`${verb} ${resource}`, attributes, async (annotate) => {
      const startedAt = performance.now()
      const seconds = () => (performance.now() - startedAt) / 1_000
      try {
        const response = await send(call)
        onCall(verb, resource, String(response.statusCode), seconds())
        annotate({ 'http.response.status_code': response.statusCode })
        return response
      } catch (error) {
        // client-go counts calls without a response under the same code.
        onCall(verb, resource, '<error>', seconds())
        throw error
      }
    })
  }
}

/** Verb and resource of a call, in the terms of RBAC rules; the resource includes its subresource, as in `pods/log`. */
export function describeCall({ method, path, query }: Pick<Call, 'method' | 'path' | 'query'>) {
  const [, rest = ''] = /\/namespaces\/[^/]+\/(.+)$/.exec(path) ?? []
  const [resource = '', name, subresource] = rest.split('/')
  const verb = VERBS[method] ?? (name !== undefined ? 'get' : query?.['watch'] ? 'watch' : 'list')
  return { verb, resource: subresource === undefined ? resource : `${resource}/${subresource}` }
}

const VERBS: Partial<Record<Call['method'], string>> = { POST: 'create', PATCH: 'patch', DELETE: 'delete' }
