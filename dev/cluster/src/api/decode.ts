import { apiVersionOf } from '../resources.ts'
import { fieldsOf, isPresent } from '../store/json.ts'
import type { KubeObject } from '../store/types.ts'
import { wrongTypes } from '../validation/schema.ts'
import type { Call } from './call.ts'
import { badRequest } from './status.ts'

/** Reads a client's object as the kind that the path names. The handlers own it and change it in place. */
export function decodeObject(call: Call, value: unknown): KubeObject {
  const { resource, namespace } = call.info
  const { kind } = resource
  const apiVersion = apiVersionOf(resource)
  if (fieldsOf(value) !== value) throw badRequest(`the object provided is unrecognized (must be of type ${kind})`)
  const object = value as KubeObject
  if (!isPresent(object.metadata)) object.metadata = {} as KubeObject['metadata']
  // Like the API server's decoder, take what is missing from the path.
  object.apiVersion ??= apiVersion
  object.kind ??= kind
  if (object.apiVersion !== apiVersion) {
    const { apiVersion: found } = object
    throw badRequest(`the API version in the data (${found}) does not match the expected API version (${apiVersion})`)
  }
  const refused = `${object.kind} in version "${apiVersion}" cannot be handled as a ${kind}`
  if (object.kind !== kind) throw badRequest(refused)
  const [wrong] = wrongTypes(resource.name, object)
  if (wrong) throw badRequest(`${refused}: ${wrong.message}`)
  if (namespace === undefined) delete object.metadata.namespace
  else object.metadata.namespace ||= namespace
  if (object.metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  return object
}

/** Silently persisting a dry run would be worse than refusing it. */
export function refuseDryRun({ query }: Call): void {
  if (query.has('dryRun')) throw badRequest('the development cluster does not support dryRun')
}
