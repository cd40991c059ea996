/** A manifest that can't become a Job. Each attacks its reader in a different way. */
export interface BadManifest {
  what: string
  alertname: string
  manifest: string
  /** What the run's reason must contain. */
  reason: RegExp
}

const pod = 'spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: i, command: ["true"]}]}}}'

/** A Job manifest that is valid except for what is added to it. */
export function jobYaml(addition = '', metadata = 'annotations: {}'): string {
  return `apiVersion: batch/v1\nkind: Job\nmetadata: {${metadata}}\n${addition}\n${pod}`
}

function list(length: number, item: (index: number) => string): string {
  return Array.from({ length }, (_, index) => item(index)).join(', ')
}

/** Each level refers to the previous one ten times: a few hundred bytes that expand to 10⁶ values. */
const bomb = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, level, names) => {
  const item = level === 0 ? 'lol' : `*${names[level - 1]}`
  return `${name}: &${name} [${list(10, () => item)}]`
})

const merges = `x: &x {${list(50, (index) => `k${index}: 1`)}}\nall: [${list(90, () => '{<<: *x}')}]`

export const BAD_MANIFESTS: BadManifest[] = [
  { what: 'a YAML bomb', alertname: 'YamlBomb', manifest: jobYaml(bomb.join('\n')), reason: /aliases/ },
  { what: 'an alias of itself', alertname: 'YamlCircle', manifest: jobYaml('loop: &loop [*loop]'), reason: /aliases/ },
  {
    what: 'thousands of aliases',
    alertname: 'YamlAliases',
    manifest: jobYaml(`x: &x 1\ny: [${list(5_000, () => '*x')}]`),
    reason: /aliases/,
  },
  { what: 'thousands of merged keys', alertname: 'YamlMerges', manifest: jobYaml(merges), reason: /not valid YAML/ },
  {
    what: 'extreme depth',
    alertname: 'YamlDepth',
    manifest: jobYaml(`deep: ${'['.repeat(5_000)}${']'.repeat(5_000)}`),
    reason: /not valid YAML/,
  },
  {
    what: 'half a megabyte',
    alertname: 'YamlSize',
    manifest: jobYaml(`# ${'x'.repeat(500_000)}`),
    reason: /bytes, more/,
  },
  {
    what: 'a value that is code',
    alertname: 'YamlCode',
    manifest: jobYaml(`f: !!js/function 'function () { return 1 }'`),
    reason: /not valid YAML/,
  },
  {
    what: 'several documents',
    alertname: 'YamlStream',
    manifest: `${jobYaml()}\n---\n${jobYaml()}`,
    reason: /not valid YAML/,
  },
  {
    what: 'a duplicate key',
    alertname: 'YamlTwice',
    manifest: `${jobYaml()}\nkind: CronJob`,
    reason: /not valid YAML/,
  },
  {
    what: 'a Job behind __proto__',
    alertname: 'YamlProto',
    manifest: `__proto__: {apiVersion: batch/v1, kind: Job}\n${pod}`,
    reason: /__proto__/,
  },
  { what: 'a list', alertname: 'YamlList', manifest: '[1, 2]', reason: /apiVersion must be batch\/v1|not a Job/ },
  { what: 'an empty text', alertname: 'YamlEmpty', manifest: '', reason: /empty/ },
]
