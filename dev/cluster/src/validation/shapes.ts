import { podSpec } from './pod-spec-shape.ts'
import { anything, boolean, custom, int32, int64, listOf, mapOf, type Shape, string, struct } from './shape.ts'

/*
 * The fields of the served kinds, by the OpenAPI document of Kubernetes 1.36 (kubernetes/api/openapi-spec/v3). Every field
 * name is here, so that a strict request can be told of an unknown one; types are, where manifests commonly get them wrong.
 */

const time = custom('metav1.Time', (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)))

const metadata = struct({
  name: string,
  generateName: string,
  namespace: string,
  selfLink: string,
  uid: string,
  resourceVersion: string,
  generation: int64,
  creationTimestamp: time,
  deletionTimestamp: time,
  deletionGracePeriodSeconds: int64,
  labels: mapOf(string),
  annotations: mapOf(string),
  ownerReferences: listOf(
    struct({
      apiVersion: string,
      kind: string,
      name: string,
      uid: string,
      controller: boolean,
      blockOwnerDeletion: boolean,
    }),
  ),
  finalizers: listOf(string),
  managedFields: anything,
})

const root = { apiVersion: string, kind: string, metadata }

export const namespace: Shape = struct({ ...root, spec: struct({ finalizers: listOf(string) }), status: anything })

export const configMap: Shape = struct({
  ...root,
  data: mapOf(string),
  binaryData: mapOf(string),
  immutable: boolean,
})

export const job: Shape = struct({
  ...root,
  spec: struct({
    parallelism: int32,
    completions: int32,
    activeDeadlineSeconds: int64,
    podFailurePolicy: anything,
    successPolicy: anything,
    backoffLimit: int32,
    backoffLimitPerIndex: int32,
    maxFailedIndexes: int32,
    selector: struct({ matchLabels: mapOf(string), matchExpressions: anything }),
    manualSelector: boolean,
    template: struct({ metadata, spec: podSpec }),
    ttlSecondsAfterFinished: int32,
    completionMode: string,
    suspend: boolean,
    podReplacementPolicy: string,
    managedBy: string,
  }),
  status: anything,
})

export const pod: Shape = struct({ ...root, spec: podSpec, status: anything })

export const event: Shape = struct({
  ...root,
  involvedObject: struct({
    kind: string,
    namespace: string,
    name: string,
    uid: string,
    apiVersion: string,
    resourceVersion: string,
    fieldPath: string,
  }),
  reason: string,
  message: string,
  source: struct({ component: string, host: string }),
  firstTimestamp: time,
  lastTimestamp: time,
  count: int32,
  type: string,
  eventTime: time,
  series: struct({ count: int32, lastObservedTime: time }),
  action: string,
  related: anything,
  reportingComponent: string,
  reportingInstance: string,
})
