/** A lock in Redis, and the token in it that proves the writer holds it. */
export interface Lock {
  key: string
  token: string
}
