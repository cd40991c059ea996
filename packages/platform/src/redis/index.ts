export { connectRedis, type RedisClient, redisUnready } from './connect.ts'
export { defineScript, type Script } from './script.ts'
