import {
  address,
  COMMON_OPTIONS,
  duration,
  integer,
  oneOf,
  optionalString,
  type Options,
  string,
} from '@opifer/platform/config'

/** Kubernetes counts `ttlSecondsAfterFinished` in 32 bits. */
const MAX_TTL = (2 ** 31 - 1) * 1_000

/** The worker's options. Flags that OpenFero has keep their names. */
export const WORKER_OPTIONS = {
  ...COMMON_OPTIONS,
  addr: { schema: address(':8081'), help: 'listen address for health and metrics (default :8081)' },
  kubeconfig: {
    schema: optionalString(),
    help: "kubeconfig file (default: $KUBECONFIG, ~/.kube/config or the pod's service account)",
  },
  configmapNamespace: {
    schema: optionalString(),
    help: "namespace of the Operarios' ConfigMaps (default: the kubeconfig's)",
  },
  jobDestinationNamespace: {
    schema: optionalString(),
    help: "namespace of the Jobs (default: the ConfigMaps')",
  },
  labelSelector: {
    schema: string('app=openfero'),
    help: 'label selector of the ConfigMaps (default app=openfero)',
  },
  concurrency: { schema: integer(50, { min: 1, max: 10_000 }), help: 'runs processed concurrently (default 50)' },
  jobTtl: {
    schema: duration('300s', 0, MAX_TTL),
    help: 'retention of finished Jobs whose manifest does not set it (default 300s)',
  },
  cooldown: {
    schema: duration('60s'),
    help: 'time after a run during which the same alert starts no other, unless set by the Operario (default 60s)',
  },
  maxAge: {
    schema: duration('1h', 1),
    help: 'age at which an alert without a Job expires (default 1h)',
  },
  historyMaxAge: {
    schema: duration('7d', 60_000),
    help: 'run history retention (default 7d)',
  },
  historyMaxRuns: {
    schema: integer(50_000, { min: 1 }),
    help: 'maximum number of runs in the history (default 50000)',
  },
  lockDuration: {
    schema: duration('30s', 500, 3_600_000),
    help: 'time after which runs of a dead worker are taken over (default 30s)',
  },
  kubeEvents: {
    schema: oneOf(['on', 'off'], 'on'),
    help: "emit Kubernetes Events on the Operario's ConfigMap for failed runs: on, off (default on)",
  },
} as const satisfies Options

/** The labels that a selector requires by equality: every object it selects has at least these. */
export function selectorLabels(selector: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [, key, value] of selector.matchAll(/(?:^|,)\s*([^\s,=!()]+)\s*==?\s*([^\s,=!()]+)\s*(?=,|$)/g)) {
    if (key && value) labels[key] = value
  }
  return labels
}
