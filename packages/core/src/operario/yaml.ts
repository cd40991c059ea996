import {
  boolYaml11Tag,
  defineScalarTag,
  floatYaml11Tag,
  intYaml11Tag,
  load,
  mapTag,
  mergeTag,
  nullYaml11Tag,
  NOT_RESOLVED,
  type ScalarTagDefinition,
  Schema,
  seqTag,
  strTag,
} from 'js-yaml'

/** A Job manifest is a page of text; a ConfigMap could hold 1 MiB. */
export const MAX_YAML_BYTES = 128 * 1024

export type YamlParse = { ok: true; value: unknown } | { ok: false; problem: string }

/**
 * Parses a manifest as kubectl would: YAML 1.1 booleans and octal numbers (`defaultMode: 0644`), merge keys, but no times,
 * no numbers to base 60 and no tags for other types, which JSON does not have. What it stands for once its aliases are
 * written out is bounded too: a few hundred bytes of them can stand for millions of nodes, or for a circle.
 */
export function parseYaml(text: string): YamlParse {
  const size = Buffer.byteLength(text)
  if (size > MAX_YAML_BYTES) return { ok: false, problem: `holds ${size} bytes, more than ${MAX_YAML_BYTES}` }
  try {
    const value: unknown = load(text, { schema, maxAliases: 100, maxDepth: 50, maxTotalMergeKeys: 1_000 })
    if (countNodes(value, MAX_NODES) > MAX_NODES) {
      return { ok: false, problem: `stands for more than ${MAX_NODES} values once its aliases are written out` }
    }
    return { ok: true, value }
  } catch (error) {
    return { ok: false, problem: `is not valid YAML: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const MAX_NODES = 20_000

function withoutBase60<Result>(tag: ScalarTagDefinition<Result>): ScalarTagDefinition<Result> {
  return defineScalarTag(tag.tagName, {
    ...tag,
    resolve: (source, isExplicit, tagName) =>
      source.includes(':') ? NOT_RESOLVED : tag.resolve(source, isExplicit, tagName),
  })
}

const schema = new Schema([
  strTag,
  nullYaml11Tag,
  boolYaml11Tag,
  withoutBase60(intYaml11Tag),
  withoutBase60(floatYaml11Tag),
  mapTag,
  seqTag,
  mergeTag,
])

/** Counts the values of a tree, and stops soon after `limit`. */
function countNodes(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null) return 1
  let nodes = 1
  for (const child of Object.values(value)) {
    nodes += countNodes(child, limit - nodes)
    if (nodes > limit) break
  }
  return nodes
}
