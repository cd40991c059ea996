import type { RedisClient } from '@opifer/platform/redis'

/** Runs a script with its keys and arguments. */
export type Script = (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>

/**
 * Loads a Lua script under a name: Redis gets its text once and only its digest afterwards. All scripts of a client share
 * its names.
 */
export function defineScript(redis: RedisClient, name: string, lua: string): Script {
  redis.defineCommand(name, { lua })
  const commands = redis as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>
  return (keys, args) =>
    commands[name]?.(keys.length, ...keys, ...args) ?? Promise.reject(new Error(`no script ${name}`))
}
