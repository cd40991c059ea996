import { z } from 'zod'

const milliseconds = z.int().min(0).max(600_000)

/** What may go wrong. */
const fault = z.discriminatedUnion('type', [
  /** Answers an error before any work is done. */
  z.strictObject({
    type: z.literal('status'),
    code: z.int().min(400).max(599),
    retryAfterSeconds: z.int().min(0).optional(),
  }),
  /** Holds the request up before any work is done. Another fault may befall it as well. */
  z.strictObject({ type: z.literal('latency'), milliseconds }),
  /** Breaks the connection before any work is done. */
  z.strictObject({ type: z.literal('cut') }),
  /** Does the work, then breaks the connection. */
  z.strictObject({ type: z.literal('commit-then-cut') }),
  /** Does the work, then never answers: the client's own time-out must end it. */
  z.strictObject({ type: z.literal('commit-then-hang') }),
  /** Opens a watch that sends nothing, not even bookmarks. */
  z.strictObject({ type: z.literal('silent-watch') }),
  /** Sends each event of a watch twice. */
  z.strictObject({ type: z.literal('duplicate-events') }),
  /** Sends, after each event of a watch, the state that the object had before. */
  z.strictObject({ type: z.literal('stale-events') }),
  /** Holds each event of a watch up. */
  z.strictObject({ type: z.literal('late-events'), milliseconds }),
])

/** Which requests a fault befalls, by the words of RBAC: a rule for `pods` leaves `pods/log` alone. */
export const faultRule = z.strictObject({
  verb: z.enum(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']).optional(),
  resource: z.enum(['namespaces', 'configmaps', 'jobs', 'pods', 'events']).optional(),
  subresource: z.enum(['status', 'log']).optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
  /** How many requests (or events) it befalls before it is spent; without end when absent. */
  times: z.int().positive().optional(),
  /** How likely it befalls a request that it matches; always when absent. */
  probability: z.number().min(0).max(1).optional(),
  fault,
})

export type FaultRule = z.infer<typeof faultRule>
export type Fault = FaultRule['fault']
export type FaultType = Fault['type']
