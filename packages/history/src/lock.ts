/** A lock in Redis and what it holds while it is the writer's. */
export interface Lock {
  key: string
  token: string
}
