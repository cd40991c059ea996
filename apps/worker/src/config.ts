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
const LONGEST_TTL = (2 ** 31 - 1) * 1_000

/** What a worker can be told. Names of flags that OpenFero has are OpenFero's. */
export const WORKER_OPTIONS = {
  ...COMMON_OPTIONS,
  addr: { schema: address(':8081'), help: 'where health and metrics are served (default :8081)' },
  kubeconfig: {
    schema: optionalString(),
    help: "kubeconfig file (default $KUBECONFIG, ~/.kube/config, or the pod's service account)",
  },
  configmapNamespace: {
    schema: optionalString(),
    help: "namespace of the Operarios' ConfigMaps (default the kubeconfig's)",
  },
  jobDestinationNamespace: {
    schema: optionalString(),
    help: "namespace that Jobs are created in (default the ConfigMaps')",
  },
  labelSelector: {
    schema: string('app=openfero'),
    help: 'labels that a ConfigMap must carry to be read (default app=openfero)',
  },
  concurrency: { schema: integer(50, { min: 1, max: 10_000 }), help: 'runs worked on at a time (default 50)' },
  jobTtl: {
    schema: duration('300s', 0, LONGEST_TTL),
    help: 'how long a finished Job is kept where its manifest does not say (default 300s)',
  },
  cooldown: {
    schema: duration('60s'),
    help: 'how long the same alert stays quiet after a run, where the Operario does not say (default 60s)',
  },
  maxAge: {
    schema: duration('1h', 1),
    help: 'age beyond which an alert is not acted upon any more (default 1h)',
  },
  historyMaxAge: {
    schema: duration('7d', 60_000),
    help: 'how long it is kept what became of a run (default 7d)',
  },
  historyMaxRuns: {
    schema: integer(50_000, { min: 1 }),
    help: 'runs that are kept at most (default 50000)',
  },
  lockDuration: {
    schema: duration('30s', 500, 3_600_000),
    help: 'how soon the runs of a worker that died are taken over by another (default 30s)',
  },
  kubeEvents: {
    schema: oneOf(['on', 'off'], 'on'),
    help: "whether runs that fail are told as Kubernetes Events of their Operario's ConfigMap: on, off (default on)",
  },
} as const satisfies Options

/** The labels of a selector's equalities: what an object must carry, at the least, to be selected by it. */
export function selectorLabels(selector: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [, key, value] of selector.matchAll(/(?:^|,)\s*([^\s,=!()]+)\s*==?\s*([^\s,=!()]+)\s*(?=,|$)/g)) {
    if (key && value) labels[key] = value
  }
  return labels
}
