import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { fileText } from './file-text.ts'

/** One setting of a process: flag `--name`, environment variable `OPIFER_NAME`, checked and converted by its schema. */
export interface Option<Value = unknown> {
  /** Takes the text as given, or undefined when it was not; defaults belong here. */
  schema: z.ZodType<Value, string | undefined>
  help: string
  /** A variable that other tools know, besides `OPIFER_NAME`. */
  env?: string
  /** May stand in a file as well: `--nameFile`, `OPIFER_NAME_FILE`. What a parse complains of never shows its value. */
  secret?: boolean
  /** What is given is a file's path, and the schema takes what the file holds. */
  file?: boolean
}

export type Options = Readonly<Record<string, Option>>

export type Config<Spec extends Options> = { [Name in keyof Spec]: z.output<Spec[Name]['schema']> }

/** The paths of those settings that were read from a file, for whoever reads them anew when they change. */
export type Files<Spec extends Options = Options> = { readonly [Name in keyof Spec]?: string }

export type ConfigParse<Spec extends Options> =
  | { kind: 'config'; config: Config<Spec>; files: Files<Spec> }
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
  const files: Record<string, string> = {}
  for (const [name, option] of Object.entries(spec)) {
    const found = findText({ name, option, given, env, readFile })
    const parsed = found.fault === undefined ? option.schema.safeParse(found.text) : undefined
    if (found.fault !== undefined) faults.push(found.fault)
    else if (parsed?.success) config[name] = parsed.data
    else faults.push(`${found.from}: ${complaint(option, found.text, parsed?.error)}`)
    if (found.path !== undefined) files[name] = found.path
  }
  if (faults.length > 0) return { kind: 'faults', faults }
  return { kind: 'config', config: config as Config<Spec>, files }
}

/** Written by hand, as Go reads flags: one dash or two, and whatever follows a flag is its value. */
function readFlags(spec: Options, argv: readonly string[]): { given: Map<string, string>; faults: string[] } {
  const flags = new Set([...Object.keys(spec), ...secrets(spec).map((name) => `${name}File`)])
  const given = new Map<string, string>()
  const faults: string[] = []
  const rest = argv.entries()
  for (const [index, arg] of rest) {
    const [, name, inline] = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(arg) ?? []
    // Told by its place only: it may be half of a secret that was not quoted.
    if (name === undefined) faults.push(`argument ${index + 1}: not a flag`)
    else if (name === 'help' || name === 'h') given.set('help', 'true')
    else if (!flags.has(name)) faults.push(`--${name}: no such flag; see --help`)
    else {
      const value = inline ?? rest.next().value?.[1]
      if (value === undefined) faults.push(`--${name}: needs a value`)
      else given.set(name, value)
    }
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
  /** Of the file that the text was read from. */
  path?: string
  fault?: string
}

function findText({ name, option, given, env, readFile }: Search): Found {
  const fileVariable = `${variable(name)}_FILE`
  const places: [from: string, text: string | undefined, isFile: boolean][] = [
    [`--${name}`, given.get(name), false],
    [`--${name}File`, given.get(`${name}File`), true],
    [variable(name), env[variable(name)], false],
    [fileVariable, option.secret ? env[fileVariable] : undefined, true],
    [option.env ?? '', option.env && env[option.env], false],
  ]
  for (const [from, text, isFile] of places) {
    if (text === undefined || text === '') continue
    if (!isFile && !option.file) return { from, text }
    return readSetting(from, text, readFile)
  }
  return { from: `--${name} (${variable(name)})` }
}

function readSetting(from: string, path: string, readFile: (path: string) => string): Found {
  try {
    const text = fileText(readFile(path))
    return text === '' ? { from, fault: `${from}: ${path} is empty` } : { from, text, path }
  } catch (error) {
    return { from, fault: `${from}: can't read ${path}: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** What a schema complains of. Messages quote what was given, which of a secret nobody may see. */
function complaint({ secret }: Option, text: string | undefined, error: z.ZodError | undefined): string {
  const complaints = error?.issues.map(({ message }) => message).join('; ') ?? ''
  return secret && text !== undefined ? complaints.replaceAll(JSON.stringify(text), 'the value') : complaints
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
