import type { RedisClient } from '@opifer/platform/redis'

type Argument = string | number

/** Runs a script with one key and any arguments. */
export type Command = (key: string, ...args: Argument[]) => Promise<unknown>

/**
 * Registers a script as a command: Redis receives its text once and its digest from then on. The name must be unique, as
 * all users of a client share its commands.
 */
export function defineCommand(redis: RedisClient, name: string, lua: string): Command {
  redis.defineCommand(name, { numberOfKeys: 1, lua })
  return (key, ...args) => (redis as unknown as Record<string, Command>)[name]?.(key, ...args) ?? undefinedCommand(name)
}

function undefinedCommand(name: string): never {
  throw new Error(`the client has no command ${name}`)
}
