import {
  boolYaml11Tag,
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
 * written out is bounded too: a few hundred bytes of them can stand for millions of values, for gigabytes, or for a circle.
 */
export function parseYaml(text: string): YamlParse {
  const size = Buffer.byteLength(text)
  if (size > MAX_YAML_BYTES) return { ok: false, problem: `holds ${size} bytes, more than ${MAX_YAML_BYTES}` }
  try {
    const value: unknown = load(text, { schema, maxAliases: 100, maxDepth: MAX_DEPTH, maxTotalMergeKeys: 1_000 })
    if (weigh(value, MAX_WEIGHT, MAX_DEPTH) > MAX_WEIGHT) {
      return { ok: false, problem: 'is larger or deeper than any Job once its aliases are written out' }
    }
    return { ok: true, value }
  } catch (error) {
    return { ok: false, problem: `is not valid YAML: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const MAX_DEPTH = 50
/** Characters of a manifest with its aliases written out; each value counts as `VALUE_WEIGHT` of them at least. */
const MAX_WEIGHT = 1_000_000
const VALUE_WEIGHT = 50

function withoutBase60<Result>(tag: ScalarTagDefinition<Result>): ScalarTagDefinition<Result> {
  return {
    ...tag,
    resolve: (source, isExplicit, tagName) =>
      source.includes(':') ? NOT_RESOLVED : tag.resolve(source, isExplicit, tagName),
  }
}

/** YAML 1.1 writes octal numbers `0644`; kubectl takes the `0o644` of YAML 1.2 too. */
const intTag: typeof intYaml11Tag = {
  ...intYaml11Tag,
  resolve: (source, isExplicit, tagName) =>
    intYaml11Tag.resolve(source.replace(/^([-+]?0)o(?=[0-7])/, '$1'), isExplicit, tagName),
}

/** Whoever copies the manifest by assignment, as its validation does, would take such a key for the prototype. */
const withoutProto: typeof mapTag = {
  ...mapTag,
  addPair: (map, key, value) =>
    key === '__proto__' ? 'the key __proto__ is refused' : mapTag.addPair(map, key, value),
}

const schema = new Schema([
  strTag,
  nullYaml11Tag,
  boolYaml11Tag,
  withoutBase60(intTag),
  withoutBase60(floatYaml11Tag),
  withoutProto,
  seqTag,
  mergeTag,
])

/** Weighs a tree with all its keys, and stops soon after `limit`. What is deeper than `depth` is a circle. */
function weigh(value: unknown, limit: number, depth: number): number {
  if (typeof value === 'string') return VALUE_WEIGHT + value.length
  if (typeof value !== 'object' || value === null) return VALUE_WEIGHT
  if (depth === 0) return Infinity
  let weight = VALUE_WEIGHT
  for (const [key, child] of Object.entries(value)) {
    weight += key.length + weigh(child, limit - weight, depth - 1)
    if (weight > limit) break
  }
  return weight
}
