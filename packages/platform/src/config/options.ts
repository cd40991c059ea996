import { readFileSync } from 'node:fs'
import type { z } from 'zod'

/** One setting of a process: flag `--name`, environment variable `OPIFER_NAME`, validated and converted by its schema. */
export interface Option<Value = unknown> {
  /** Gets the text, or undefined if the setting was not given; defaults belong here. */
  schema: z.ZodType<Value, string | undefined>
  help: string
  /** A variable that other tools use, in addition to `OPIFER_NAME`. */
  env?: string
  /** May also come from a file: `--nameFile`, `OPIFER_NAME_FILE`. Errors never show its value. */
  secret?: boolean
  /** The setting is a path; the schema gets the contents of the file. */
  file?: boolean
}

export type Options = Readonly<Record<string, Option>>

export type Config<Spec extends Options> = { [Name in keyof Spec]: z.output<Spec[Name]['schema']> }

/** Paths of the settings that came from files, for watching them. */
export type Files<Spec extends Options = Options> = { readonly [Name in keyof Spec]?: string }

export type ConfigParse<Spec extends Options> =
  | { kind: 'config'; config: Config<Spec>; files: Files<Spec> }
  | { kind: 'help'; text: string }
  | { kind: 'errors'; errors: string[] }

/**
 * Reads the whole configuration of a process: flags override variables, variables override defaults. Like OpenFero's,
 * flags may have one dash. Reports every error at once, so one restart fixes them all.
 */
export function parseConfig<Spec extends Options>(
  spec: Spec,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ConfigParse<Spec> {
  const { flags, errors } = readFlags(spec, argv)
  if (flags.has('help')) return { kind: 'help', text: helpText(spec) }
  const config: Record<string, unknown> = {}
  const files: Record<string, string> = {}
  for (const [name, option] of Object.entries(spec)) {
    const found = findText({ name, option, flags, env, readFile })
    const parsed = found.error === undefined ? option.schema.safeParse(found.text) : undefined
    if (found.error !== undefined) errors.push(found.error)
    else if (parsed?.success) config[name] = parsed.data
    else errors.push(`${found.from}: ${messageOf(option, found.text, parsed?.error)}`)
    if (found.path !== undefined) files[name] = found.path
  }
  if (errors.length > 0) return { kind: 'errors', errors }
  return { kind: 'config', config: config as Config<Spec>, files }
}

/** The contents of a file as a setting, without the final line break. */
export function fileText(raw: string): string {
  return raw.replace(/\r?\n$/, '')
}

/** Parses flags like Go: one dash or two, and the argument after a flag is always its value. */
function readFlags(spec: Options, argv: readonly string[]): { flags: Map<string, string>; errors: string[] } {
  const known = new Set([...Object.keys(spec), ...secrets(spec).map((name) => `${name}File`)])
  const flags = new Map<string, string>()
  const errors: string[] = []
  const rest = argv.entries()
  for (const [index, arg] of rest) {
    const [, name, inline] = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(arg) ?? []
    // Don't quote it: it may be half of a secret that was not quoted in the shell.
    if (name === undefined) errors.push(`argument ${index + 1}: not a flag`)
    else if (name === 'help' || name === 'h') flags.set('help', 'true')
    else if (!known.has(name)) errors.push(`--${name}: unknown flag; see --help`)
    else {
      const value = inline ?? rest.next().value?.[1]
      if (value === undefined) errors.push(`--${name}: needs a value`)
      else flags.set(name, value)
    }
  }
  return { flags, errors }
}

interface Search {
  name: string
  option: Option
  flags: ReadonlyMap<string, string>
  env: Readonly<Record<string, string | undefined>>
  readFile: (path: string) => string
}

interface Found {
  /** The flag or variable with the text, as the user spelled it. */
  from: string
  text?: string
  /** The file with the text. */
  path?: string
  error?: string
}

function findText({ name, option, flags, env, readFile }: Search): Found {
  const fileVariable = `${variable(name)}_FILE`
  const sources: [from: string, text: string | undefined, isFile: boolean][] = [
    [`--${name}`, flags.get(name), false],
    [`--${name}File`, flags.get(`${name}File`), true],
    [variable(name), env[variable(name)], false],
    [fileVariable, option.secret ? env[fileVariable] : undefined, true],
    [option.env ?? '', option.env && env[option.env], false],
  ]
  for (const [from, text, isFile] of sources) {
    if (text === undefined || text === '') continue
    if (!isFile && !option.file) return { from, text }
    return readSetting(from, text, readFile)
  }
  return { from: `--${name} (${variable(name)})` }
}

function readSetting(from: string, path: string, readFile: (path: string) => string): Found {
  try {
    const text = fileText(readFile(path))
    return text === '' ? { from, error: `${from}: ${path} is empty` } : { from, text, path }
  } catch (error) {
    return { from, error: `${from}: can't read ${path}: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Schema messages may quote the text, so redact a secret. */
function messageOf({ secret }: Option, text: string | undefined, error: z.ZodError | undefined): string {
  const messages = error?.issues.map(({ message }) => message).join('; ') ?? ''
  return secret && text !== undefined ? messages.replaceAll(JSON.stringify(text), 'the value') : messages
}

function helpText(spec: Options): string {
  const lines = Object.entries(spec).map(([name, { help, secret }]) => {
    const flag = `  --${name}${secret ? `, --${name}File` : ''}`
    return `${flag.padEnd(44)} ${help} [${variable(name)}]`
  })
  return ['Flags [environment variables]:', ...lines].join('\n')
}

function secrets(spec: Options): string[] {
  return Object.keys(spec).filter((name) => spec[name]?.secret)
}

/** `authBasicUser` → `OPIFER_AUTH_BASIC_USER`. */
function variable(name: string): string {
  return `OPIFER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}
