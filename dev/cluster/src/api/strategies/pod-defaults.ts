import { type Fields, fieldsOf, itemsOf, textOf } from '../../validation/value.ts'

/** SetDefaults_PodSpec, _Container, _Volume and their like, in kubernetes/pkg/apis/core/v1/defaults.go. */
export function setPodSpecDefaults(spec: Fields): void {
  for (const container of [...itemsOf(spec.containers), ...itemsOf(spec.initContainers)]) {
    setContainerDefaults(fieldsOf(container))
  }
  for (const volume of itemsOf(spec.volumes)) setVolumeDefaults(fieldsOf(volume))
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.restartPolicy ??= 'Always'
  spec.schedulerName ??= 'default-scheduler'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
}

function setContainerDefaults(container: Fields): void {
  container.imagePullPolicy ??= isLatest(textOf(container.image)) ? 'Always' : 'IfNotPresent'
  container.resources ??= {}
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  for (const port of itemsOf(container.ports)) fieldsOf(port).protocol ??= 'TCP'
  for (const variable of itemsOf(container.env)) {
    const { fieldRef } = fieldsOf(fieldsOf(variable).valueFrom)
    if (fieldRef) fieldsOf(fieldRef).apiVersion ??= 'v1'
  }
}

/** An image without a tag is the latest one; a digest pins it. A colon before the last slash belongs to the registry's port. */
function isLatest(image: string): boolean {
  const name = image.slice(image.lastIndexOf('/') + 1)
  return !image.includes('@') && (!name.includes(':') || name.endsWith(':latest'))
}

function setVolumeDefaults(volume: Fields): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name')
  if (sources.length === 0) volume.emptyDir = {}
  for (const source of ['configMap', 'secret', 'downwardAPI', 'projected']) {
    if (volume[source]) fieldsOf(volume[source]).defaultMode ??= 0o644
  }
}
