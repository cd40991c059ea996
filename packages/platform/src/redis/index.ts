export { connectRedis, type RedisClient, type RedisConfig, type RedisPatience } from './connect.ts'
export { redisUnready } from './unready.ts'
