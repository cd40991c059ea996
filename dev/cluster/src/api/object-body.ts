import type { KubeObject } from '../store/types.ts'
import { checkShape } from '../validation/shape.ts'
import { fieldsOf, isPresent } from '../validation/value.ts'
import type { Call } from './call.ts'
import { apiVersionOf } from './resources.ts'
import { badRequest } from './status.ts'
import { strategies } from './strategies/index.ts'

/** Takes a client's object as the kind that the path names. It becomes the server's own: handlers change it in place. */
export function decodeObject(call: Call, value: unknown): KubeObject {
  const { resource, namespace } = call.info
  const object = asObject(value, resource.kind)
  const expected = { apiVersion: apiVersionOf(resource), kind: resource.kind }
  // What a client leaves out is taken from the path, as the API server's decoder does.
  object.apiVersion ??= expected.apiVersion
  object.kind ??= expected.kind
  if (object.apiVersion !== expected.apiVersion) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected.apiVersion})`,
    )
  }
  if (object.kind !== expected.kind) {
    throw badRequest(`${object.kind} in version "${object.apiVersion}" cannot be handled as a ${expected.kind}`)
  }
  checkFields(call, object)
  setNamespace(object, namespace)
  return object
}

function asObject(value: unknown, kind: string): KubeObject {
  if (fieldsOf(value) !== value) throw badRequest(`the object provided is unrecognized (must be of type ${kind})`)
  const object = value as KubeObject
  if (!isPresent(object.metadata)) object.metadata = {} as KubeObject['metadata']
  return object
}

/** Unknown fields are dropped; `fieldValidation` says whether the client is told, warned, or refused. */
function checkFields({ info, query, warnings }: Call, object: KubeObject): void {
  const { wrong, unknown } = checkShape(strategies[info.resource.name].shape, object)
  if (wrong[0]) {
    throw badRequest(
      `${object.kind} in version "${object.apiVersion}" cannot be handled as a ${object.kind}: ${wrong[0].message}`,
    )
  }
  const messages = unknown.map(({ path }) => `unknown field ${JSON.stringify(path)}`)
  const level = query.get('fieldValidation') ?? 'Warn'
  if (level === 'Strict' && messages.length > 0) {
    throw badRequest(
      `${object.kind} in version "${object.apiVersion}" cannot be handled as a ${object.kind}: strict decoding error: ${messages.join(', ')}`,
    )
  }
  if (level === 'Warn') warnings.push(...messages)
  for (const { owner, key } of unknown) delete owner[key]
}

function setNamespace({ metadata }: KubeObject, namespace: string | undefined): void {
  if (namespace === undefined) delete metadata.namespace
  else metadata.namespace ||= namespace
  if (metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}
