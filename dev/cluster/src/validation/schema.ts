import { Job } from 'kubernetes-models/batch/v1/Job'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { Event } from 'kubernetes-models/v1/Event'
import { Namespace } from 'kubernetes-models/v1/Namespace'
import { Pod } from 'kubernetes-models/v1/Pod'
import { type Fields, fieldsOf, isObject } from '../store/json.ts'
import type { ResourceName } from '../store/types.ts'
import { type FieldError, notSupported, required, wrongType } from './field-error.ts'

const models: Record<ResourceName, (object: never) => { validate(): void }> = {
  jobs: (object) => new Job(object),
  pods: (object) => new Pod(object),
  configmaps: (object) => new ConfigMap(object),
  namespaces: (object) => new Namespace(object),
  events: (object) => new Event(object),
}

/** An error of the validator that `kubernetes-models` generates from the OpenAPI document. */
interface SchemaError {
  /** JSON pointer. */
  instancePath: string
  keyword: string
  message?: string
  params: { missingProperty?: string; allowedValues?: unknown[]; type?: string; format?: string }
}

/** Checks an object against its schema and, if its types are right, by the rules of its kind. */
export function validate(
  resource: ResourceName,
  object: unknown,
  rules: (object: Fields) => FieldError[],
): FieldError[] {
  const wrong = wrongTypes(resource, object)
  if (wrong.length > 0 || !isObject(object)) return wrong
  const errors = schemaErrors(resource, object).flatMap((error): FieldError[] => {
    const { keyword, params } = error
    const path = pathOf(error, object)
    if (keyword === 'required') return [required([path, params.missingProperty].filter(Boolean).join('.'))]
    if (keyword === 'enum') return [notSupported(path, valueAt(error, object), params.allowedValues ?? [])]
    return []
  })
  return [...errors, ...rules(object)]
}

/** Fields of a wrong type: the API server cannot even decode such an object. One error for each field. */
export function wrongTypes(resource: ResourceName, object: unknown): FieldError[] {
  if (!isObject(object)) return [wrongType('', 'json: the object must be a map')]
  const errors = new Map<string, FieldError>()
  for (const error of schemaErrors(resource, object)) {
    if (error.keyword !== 'type' && error.keyword !== 'format') continue
    const path = pathOf(error, object)
    const { format, type } = error.params
    const found = valueAt(error, object)
    const detail = `cannot unmarshal ${Array.isArray(found) ? 'array' : typeof found} into Go struct field ${path}`
    errors.set(path, wrongType(path, `json: ${detail} of type ${format ?? type}`))
  }
  return [...errors.values()]
}

function schemaErrors(resource: ResourceName, { status: _, ...object }: Fields): SchemaError[] {
  try {
    models[resource](object as never).validate()
    return []
  } catch (error) {
    if (!(error instanceof Error && 'errors' in error)) throw error
    return error.errors as SchemaError[]
  }
}

const stepsOf = ({ instancePath }: SchemaError): string[] =>
  instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))

function valueAt(error: SchemaError, object: unknown): unknown {
  return stepsOf(error).reduce((value, step) => (value as Fields | undefined)?.[step], object)
}

/** `/spec/containers/0/name` → `spec.containers[0].name`, and `/data/a` → `data[a]` for the keys of maps. */
function pathOf(error: SchemaError, object: unknown): string {
  let path = ''
  let value = object
  for (const step of stepsOf(error)) {
    const isKey = Array.isArray(value) || MAPS.test(path)
    path += isKey ? `[${step}]` : path === '' ? step : `.${step}`
    value = fieldsOf(value)[step] ?? (value as unknown[])[Number(step)]
  }
  return path
}

const MAPS = /(?:^|\.)(?:data|labels|annotations|limits|requests|nodeSelector)$/
