import type { RedisClient } from '@opifer/platform/redis'

type Argument = string | number

/** Calls a script with the one key that it is given, and arguments. */
export type Command = (key: string, ...args: Argument[]) => Promise<unknown>

/**
 * Makes a command of a script: Redis gets its text once and then only its digest. The name must be one of a kind, as all
 * that use a client share its commands.
 */
export function defineCommand(redis: RedisClient, name: string, lua: string): Command {
  redis.defineCommand(name, { numberOfKeys: 1, lua })
  return (key, ...args) => (redis as unknown as Record<string, Command>)[name]?.(key, ...args) ?? neverDefined(name)
}

function neverDefined(name: string): never {
  throw new Error(`the client has no command ${name}`)
}
