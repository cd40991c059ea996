import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'

/** The text of a JSON Web Key Set (RFC 7517) with public keys only. */
export function optionalKeySet() {
  return z
    .string()
    .superRefine((text, context) => {
      const parsed = parseKeySet(text)
      if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.fault })
    })
    .optional()
}

export type KeySetParse = { ok: true; keySet: JSONWebKeySet } | { ok: false; fault: string }

export function parseKeySet(text: string): KeySetParse {
  const parsed = SHAPE.safeParse(parseJson(text))
  if (!parsed.success) return { ok: false, fault: 'it is no JSON Web Key Set: {"keys": [{"kty": …}, …]}' }
  if (parsed.data.keys.some((key) => 'd' in key || 'k' in key)) {
    return { ok: false, fault: 'it holds private or symmetric keys: give the public ones only' }
  }
  return { ok: true, keySet: parsed.data }
}

const SHAPE = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) })

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
