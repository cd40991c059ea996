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

/** A ConfigMap can have 1 MiB, but a Job manifest is a page of text. */
export const MAX_YAML_BYTES = 128 * 1024

export type YamlParse = { ok: true; value: unknown } | { ok: false; error: string }

/**
 * Parses a manifest like kubectl: YAML 1.1 booleans and octal numbers (`defaultMode: 0644`) and merge keys, but no times,
 * base-60 numbers or tags for types that JSON lacks. The size after expanding aliases is limited too: a few hundred bytes
 * can expand to millions of values, to gigabytes, or to a cycle.
 */
export function parseYaml(text: string): YamlParse {
  const size = Buffer.byteLength(text)
  if (size > MAX_YAML_BYTES) return { ok: false, error: `has ${size} bytes, more than the limit of ${MAX_YAML_BYTES}` }
  try {
    const value: unknown = load(text, { schema, maxAliases: 100, maxDepth: MAX_DEPTH, maxTotalMergeKeys: 1_000 })
    if (weigh(value, MAX_WEIGHT, MAX_DEPTH) > MAX_WEIGHT) {
      return { ok: false, error: 'is too large or too deeply nested once its aliases are expanded' }
    }
    return { ok: true, value }
  } catch (error) {
    return { ok: false, error: `is not valid YAML: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const MAX_DEPTH = 50
/** Characters of a manifest with its aliases expanded; each value counts as at least `VALUE_WEIGHT`. */
const MAX_WEIGHT = 1_000_000
const VALUE_WEIGHT = 50

function withoutBase60<Result>(tag: ScalarTagDefinition<Result>): ScalarTagDefinition<Result> {
  return {
    ...tag,
    resolve: (source, isExplicit, tagName) =>
      source.includes(':') ? NOT_RESOLVED : tag.resolve(source, isExplicit, tagName),
  }
}

/** Octal numbers are `0644` in YAML 1.1; kubectl also accepts YAML 1.2's `0o644`. */
const intTag: typeof intYaml11Tag = {
  ...intYaml11Tag,
  resolve: (source, isExplicit, tagName) =>
    intYaml11Tag.resolve(source.replace(/^([-+]?0)o(?=[0-7])/, '$1'), isExplicit, tagName),
}

/** Copying the manifest by assignment, as its validation does, would set the prototype. */
const withoutProto: typeof mapTag = {
  ...mapTag,
  addPair: (map, key, value) =>
    key === '__proto__' ? 'the key __proto__ is not allowed' : mapTag.addPair(map, key, value),
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

/** Size of a tree including its keys; stops soon after `limit`. Infinite beyond `depth`, which means a cycle. */
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
