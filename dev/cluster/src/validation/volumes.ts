import { type FieldError, forbiddenValue, invalidValue, notFoundValue, required } from './field-error.ts'
import { uniqueLabel } from './rules.ts'
import { type Fields, fieldsOf, isPresent, itemsOf, textOf } from './value.ts'

/** ValidateVolumes in kubernetes/pkg/apis/core/validation/validation.go; the names are those that mounts may refer to. */
export function validateVolumes(volumes: unknown, path: string): { errors: FieldError[]; names: Set<string> } {
  const names = new Set<string>()
  const errors = itemsOf(volumes).flatMap((item, index) => {
    const volume = fieldsOf(item)
    const name = textOf(volume.name)
    const faults = [
      ...uniqueLabel(name, `${path}[${index}].name`, names),
      ...validateSource(volume, `${path}[${index}]`),
    ]
    names.add(name)
    return faults
  })
  return { errors, names }
}

/** ValidateVolumeMounts in the same file. */
export function validateVolumeMounts(mounts: unknown, path: string, volumes: ReadonlySet<string>): FieldError[] {
  const places = new Set<string>()
  return itemsOf(mounts).flatMap((item, index) => {
    const mount = fieldsOf(item)
    const at = `${path}[${index}]`
    const name = textOf(mount.name)
    const errors: FieldError[] = []
    if (!name) errors.push(required(`${at}.name`))
    else if (!volumes.has(name)) errors.push(notFoundValue(`${at}.name`, name))
    errors.push(...validateMountPath(textOf(mount.mountPath), `${at}.mountPath`, places))
    const subPath = textOf(mount.subPath)
    if (subPath.startsWith('/')) errors.push(invalidValue(`${at}.subPath`, subPath, 'must be a relative path'))
    if (subPath.split('/').includes('..')) errors.push(invalidValue(`${at}.subPath`, subPath, "must not contain '..'"))
    return errors
  })
}

/** A volume without a source is an emptyDir by default. */
function validateSource(volume: Fields, path: string): FieldError[] {
  return Object.keys(volume)
    .filter((key) => key !== 'name' && isPresent(volume[key]))
    .slice(1)
    .map((key) => forbiddenValue(`${path}.${key}`, 'may not specify more than 1 volume type'))
}

function validateMountPath(mountPath: string, path: string, taken: Set<string>): FieldError[] {
  if (!mountPath) return [required(path)]
  const again = taken.has(mountPath)
  taken.add(mountPath)
  return again ? [invalidValue(path, mountPath, 'must be unique')] : []
}
