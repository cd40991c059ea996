import { validateContainers } from './container.ts'
import { type FieldError, invalidValue } from './field-error.ts'
import { validateAnnotations, validateLabels, validateMetadata } from './metadata.ts'
import { dnsSubdomain } from './names.ts'
import { nonNegative, oneOf } from './rules.ts'
import { type Fields, fieldsOf, textOf } from './value.ts'
import { validateVolumes } from './volumes.ts'

const MAX_INT32 = 2 ** 31 - 1

/** Says what the API server would refuse in a Pod that is to be created. Its fields are known to have the right types. */
export function validatePod(object: unknown): FieldError[] {
  const { metadata, spec } = fieldsOf(object)
  return [...validateMetadata(fieldsOf(metadata)), ...validatePodSpec(fieldsOf(spec), 'spec')]
}

/** ValidatePodTemplateSpec in kubernetes/pkg/apis/core/validation/validation.go: a template has no name of its own. */
export function validatePodTemplate(template: Fields, path: string): FieldError[] {
  const metadata = fieldsOf(template.metadata)
  return [
    ...validateLabels(metadata.labels, `${path}.labels`),
    ...validateAnnotations(metadata.annotations, `${path}.annotations`),
    ...validatePodSpec(fieldsOf(template.spec), `${path}.spec`),
  ]
}

/** ValidatePodSpec in the same file, for the fields that a Job's manifest usually has. */
function validatePodSpec(spec: Fields, path: string): FieldError[] {
  const volumes = validateVolumes(spec.volumes, `${path}.volumes`)
  return [
    ...volumes.errors,
    ...validateContainers(spec, path, volumes.names),
    ...oneOf(`${path}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']),
    ...nonNegative(spec, path, ['terminationGracePeriodSeconds']),
    ...validateDeadline(spec.activeDeadlineSeconds, `${path}.activeDeadlineSeconds`),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...validateReference(spec.serviceAccountName, `${path}.serviceAccountName`),
  ]
}

function validateDeadline(seconds: unknown, path: string): FieldError[] {
  if (typeof seconds !== 'number' || (seconds >= 1 && seconds <= MAX_INT32)) return []
  return [invalidValue(path, seconds, `must be between 1 and ${MAX_INT32}, inclusive`)]
}

function validateReference(name: unknown, path: string): FieldError[] {
  const wrong = textOf(name) && dnsSubdomain(textOf(name))
  return wrong ? [invalidValue(path, name, wrong)] : []
}
