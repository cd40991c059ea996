import { validateEnv } from './env.ts'
import { type FieldError, invalidValue, required } from './field-error.ts'
import { validateResources } from './quantity.ts'
import { oneOf, uniqueLabel } from './rules.ts'
import { type Fields, fieldsOf, itemsOf, textOf } from './value.ts'
import { validateVolumeMounts } from './volumes.ts'

/**
 * validateContainers and validateInitContainers in kubernetes/pkg/apis/core/validation/validation.go: names are unique over
 * both lists.
 */
export function validateContainers(spec: Fields, path: string, volumes: ReadonlySet<string>): FieldError[] {
  const names = new Set<string>()
  const check = (list: 'containers' | 'initContainers') =>
    itemsOf(spec[list]).flatMap((item, index) => {
      const container = fieldsOf(item)
      const at = `${path}.${list}[${index}]`
      const errors = [
        ...uniqueLabel(textOf(container.name), `${at}.name`, names),
        ...validateContainer(container, at, volumes),
      ]
      names.add(textOf(container.name))
      return errors
    })
  const missing = itemsOf(spec.containers).length === 0 ? [required(`${path}.containers`)] : []
  return [...missing, ...check('containers'), ...check('initContainers')]
}

function validateContainer(container: Fields, path: string, volumes: ReadonlySet<string>): FieldError[] {
  return [
    ...validateImage(textOf(container.image), `${path}.image`),
    ...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']),
    ...validatePorts(container.ports, `${path}.ports`),
    ...validateEnv(container.env, `${path}.env`),
    ...validateVolumeMounts(container.volumeMounts, `${path}.volumeMounts`, volumes),
    ...validateResources(container.resources, `${path}.resources`),
  ]
}

function validateImage(image: string, path: string): FieldError[] {
  if (!image) return [required(path)]
  return image === image.trim() ? [] : [invalidValue(path, image, 'must not have leading or trailing whitespace')]
}

function validatePorts(ports: unknown, path: string): FieldError[] {
  return itemsOf(ports).flatMap((item, index) => {
    const { containerPort, protocol } = fieldsOf(item)
    const at = `${path}[${index}]`
    const errors = oneOf(`${at}.protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
    if (containerPort === undefined || containerPort === 0) errors.push(required(`${at}.containerPort`))
    else if (typeof containerPort === 'number' && (containerPort < 1 || containerPort > 65_535)) {
      errors.push(invalidValue(`${at}.containerPort`, containerPort, 'must be between 1 and 65535, inclusive'))
    }
    return errors
  })
}
