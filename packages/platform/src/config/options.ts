import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { z } from 'zod'

/** One setting of a process: flag `--name`, environment variable `OPIFER_NAME`, checked and converted by its schema. */
export interface Option<Value = unknown> {
  /** Takes the text as given, or undefined when it was not; defaults belong here. */
  schema: z.ZodType<Value, string | undefined>
  help: string
  /** A variable that other tools know, besides `OPIFER_NAME`. */
  env?: string
  /** May stand in a file as well: `--nameFile`, `OPIFER_NAME_FILE`. What a parse complains of never shows its value. */
  secret?: boolean
}

export type Options = Readonly<Record<string, Option>>

export type Config<Spec extends Options> = { [Name in keyof Spec]: z.output<Spec[Name]['schema']> }

export type ConfigParse<Spec extends Options> =
  | { kind: 'config'; config: Config<Spec> }
  | { kind: 'help'; text: string }
  | { kind: 'faults'; faults: string[] }

/**
 * Reads a process's whole configuration: a flag beats a variable beats the default. Flags may be written with one dash,
 * as OpenFero's are. Every fault is told at once, so that one restart mends them all.
 */
export function parseConfig<Spec extends Options>(
  spec: Spec,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ConfigParse<Spec> {
  const { given, faults } = readFlags(spec, argv)
  if (given.has('help')) return { kind: 'help', text: helpText(spec) }
  const config: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(spec)) {
    const found = findText({ name, option, given, env, readFile })
    const parsed = found.fault === undefined ? option.schema.safeParse(found.text) : undefined
    if (found.fault !== undefined) faults.push(found.fault)
    else if (parsed?.success) config[name] = parsed.data
    else faults.push(`${found.from}: ${parsed?.error.issues.map(({ message }) => message).join('; ')}`)
  }
  return faults.length > 0 ? { kind: 'faults', faults } : { kind: 'config', config: config as Config<Spec> }
}

function readFlags(spec: Options, argv: readonly string[]): { given: Map<string, string>; faults: string[] } {
  const flags = [...Object.keys(spec), ...secrets(spec).map((name) => `${name}File`)]
  const { tokens } = parseArgs({
    args: argv.map((arg) => arg.replace(/^-(?=[A-Za-z]{2})/, '--')),
    options: { ...Object.fromEntries(flags.map((flag) => [flag, { type: 'string' }])), help: { type: 'boolean' } },
    strict: false,
    tokens: true,
  })
  const given = new Map<string, string>()
  const faults: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') faults.push(`${token.value}: not a flag`)
    if (token.kind !== 'option') continue
    if (token.name !== 'help' && !flags.includes(token.name)) faults.push(`--${token.name}: no such flag; see --help`)
    else given.set(token.name, token.value ?? 'true')
  }
  return { given, faults }
}

interface Search {
  name: string
  option: Option
  given: ReadonlyMap<string, string>
  env: Readonly<Record<string, string | undefined>>
  readFile: (path: string) => string
}

interface Found {
  /** Where the text stood, in the words that its writer used. */
  from: string
  text?: string
  fault?: string
}

function findText({ name, option, given, env, readFile }: Search): Found {
  const places: [from: string, text: string | undefined, isFile: boolean][] = [
    [`--${name}`, given.get(name), false],
    [`--${name}File`, given.get(`${name}File`), true],
    [variable(name), env[variable(name)], false],
    [`${variable(name)}_FILE`, env[`${variable(name)}_FILE`], true],
    [option.env ?? '', option.env && env[option.env], false],
  ]
  for (const [from, text, isFile] of places) {
    if (text === undefined || text === '') continue
    if (!isFile) return { from, text }
    try {
      // A file's last line ends with a line break that is no part of the secret.
      return { from, text: readFile(text).replace(/\r?\n$/, '') }
    } catch (error) {
      return { from, fault: `${from}: can't read ${text}: ${error instanceof Error ? error.message : String(error)}` }
    }
  }
  return { from: `--${name} (${variable(name)})` }
}

function helpText(spec: Options): string {
  const lines = Object.entries(spec).map(([name, { help, secret }]) => {
    const flag = `  --${name}${secret ? `, --${name}File` : ''}`
    return `${flag.padEnd(44)} ${help} [${variable(name)}]`
  })
  return ['Settings, as flag or environment variable:', ...lines].join('\n')
}

function secrets(spec: Options): string[] {
  return Object.keys(spec).filter((name) => spec[name]?.secret)
}

/** `authBasicUser` → `OPIFER_AUTH_BASIC_USER`. */
function variable(name: string): string {
  return `OPIFER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}
