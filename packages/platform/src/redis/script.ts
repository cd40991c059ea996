import type { RedisClient } from './connect.ts'

/** Runs a script with its keys and arguments. */
export type Script = (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>

/**
 * Defines a Lua script under a name: Redis gets its text once and its digest from then on. The name must be unique, as all
 * users of a client share its scripts.
 */
export function defineScript(redis: RedisClient, name: string, lua: string): Script {
  redis.defineCommand(name, { lua })
  const commands = redis as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>
  return (keys, args) =>
    commands[name]?.(keys.length, ...keys, ...args) ?? Promise.reject(new Error(`no script ${name}`))
}
