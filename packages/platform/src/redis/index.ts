export { connectRedis, type RedisClient, redisUnready } from './connect.ts'
