import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { AuditLog } from '../audit.ts'
import { faultRule } from '../faults/fault-rule.ts'
import type { FaultRules } from '../faults/faults.ts'
import { type Switches, switchRequest } from '../faults/switches.ts'
import type { Answer } from './call.ts'
import { readBody } from './request-body.ts'
import { badRequest, methodNotAllowed, noSuchPath } from './status.ts'

export interface ControlOptions {
  rules: FaultRules
  switches: Switches
  audit: AuditLog
}

/** Lets another process make the cluster misbehave, and read what was asked of it. */
export function createControl({ rules, switches, audit }: ControlOptions) {
  const routes: Record<string, (body: unknown, id: string) => Answer> = {
    'GET /devcluster/faults': () => ok({ items: rules.list() }),
    'POST /devcluster/faults': (body) => {
      rules.add(parse(faultRule, body))
      return ok(rules.list().at(-1) ?? {})
    },
    'DELETE /devcluster/faults': (_body, id) => {
      if (id === '') rules.clear()
      else if (!rules.remove(id)) throw noSuchPath()
      return ok({})
    },
    'POST /devcluster/switches': (body) => {
      flip(switches, parse(switchRequest, body))
      return ok({})
    },
    'GET /devcluster/audit': () => ok({ items: audit.entries() }),
    'DELETE /devcluster/audit': () => {
      audit.clear()
      return ok({})
    },
  }

  return async (request: IncomingMessage, { pathname }: URL): Promise<Answer> => {
    const [, root, collection, id = '', ...rest] = pathname.split('/')
    const path = `/${root}/${collection}`
    const known = Object.keys(routes).some((route) => route.endsWith(` ${path}`))
    if (!known || rest.length > 0) throw noSuchPath()
    const route = routes[`${request.method} ${path}`]
    if (!route || (id !== '' && request.method !== 'DELETE')) throw methodNotAllowed()
    const { value } = await readBody(request)
    return route(value, id)
  }
}

function flip(switches: Switches, request: z.infer<typeof switchRequest>): void {
  if (request.action !== 'refuse') return switches[request.action]()
  // After the answer is written, as it goes the way that is to be refused.
  setTimeout(() => void refuseFor(switches, request.milliseconds), 0)
}

async function refuseFor(switches: Switches, milliseconds: number): Promise<void> {
  await switches.refuse()
  setTimeout(() => void switches.accept(), milliseconds).unref()
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const result = schema.safeParse(body)
  if (!result.success) throw badRequest(z.prettifyError(result.error))
  return result.data
}

function ok(body: object): Answer {
  return { code: 200, body }
}
