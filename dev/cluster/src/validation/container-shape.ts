import { parseQuantity } from './quantity.ts'
import { anything, boolean, custom, int32, listOf, mapOf, string, struct } from './shape.ts'

export const quantity = custom('resource.Quantity', (value) => parseQuantity(value) !== undefined)

const keyRef = struct({ name: string, key: string, optional: boolean })

const envVar = struct({
  name: string,
  value: string,
  valueFrom: struct({
    fieldRef: struct({ apiVersion: string, fieldPath: string }),
    resourceFieldRef: struct({ containerName: string, resource: string, divisor: quantity }),
    configMapKeyRef: keyRef,
    secretKeyRef: keyRef,
    fileKeyRef: struct({ volumeName: string, path: string, key: string, optional: boolean }),
  }),
})

export const container = struct({
  name: string,
  image: string,
  command: listOf(string),
  args: listOf(string),
  workingDir: string,
  ports: listOf(struct({ name: string, hostPort: int32, containerPort: int32, protocol: string, hostIP: string })),
  envFrom: listOf(
    struct({
      prefix: string,
      configMapRef: struct({ name: string, optional: boolean }),
      secretRef: struct({ name: string, optional: boolean }),
    }),
  ),
  env: listOf(envVar),
  resources: struct({
    limits: mapOf(quantity),
    requests: mapOf(quantity),
    claims: listOf(struct({ name: string, request: string })),
  }),
  resizePolicy: anything,
  restartPolicy: string,
  restartPolicyRules: anything,
  volumeMounts: listOf(
    struct({
      name: string,
      readOnly: boolean,
      recursiveReadOnly: string,
      mountPath: string,
      subPath: string,
      mountPropagation: string,
      subPathExpr: string,
    }),
  ),
  volumeDevices: anything,
  livenessProbe: anything,
  readinessProbe: anything,
  startupProbe: anything,
  lifecycle: anything,
  terminationMessagePath: string,
  terminationMessagePolicy: string,
  imagePullPolicy: string,
  securityContext: anything,
  stdin: boolean,
  stdinOnce: boolean,
  tty: boolean,
})
