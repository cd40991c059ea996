/** A field of a message: its name in JSON, what it holds, and whether it comes several times. */
export interface Field {
  name: string
  type: 'string' | 'int' | 'bool' | 'bytes' | 'stringMap' | 'bytesMap' | 'ignored' | Message
  repeated?: boolean
}

export type Message = Readonly<Record<number, Field>>

/**
 * Decodes a message into what its JSON would be. Fields that are empty count as absent, as Kubernetes' encoder writes out
 * fields that nobody set. Throws on a field that the message does not name: nothing may be lost in silence.
 */
export function decodeMessage(bytes: Buffer, message: Message): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  const reader = createReader(bytes)
  while (reader.more()) {
    const { number, value } = reader.field()
    const field = message[number]
    if (!field) throw new RangeError(`unknown protobuf field ${number}`)
    put(object, field, valueOf(field, value))
  }
  return object
}

type Wire = bigint | Buffer

function put(object: Record<string, unknown>, { name, type, repeated }: Field, value: unknown): void {
  if (value === undefined) return
  if (repeated) object[name] = [...((object[name] as unknown[] | undefined) ?? []), value]
  else if (type === 'stringMap' || type === 'bytesMap')
    object[name] = { ...(object[name] as object | undefined), ...(value as object) }
  else object[name] = value
}

function valueOf({ type, repeated = false }: Field, wire: Wire): unknown {
  if (type === 'ignored') return undefined
  if (typeof wire === 'bigint') return numberOf(type, wire)
  if (type === 'bytes') return wire.toString('base64')
  if (type === 'stringMap') return entryOf(wire, 'string')
  if (type === 'bytesMap') return entryOf(wire, 'bytes')
  const value = typeof type === 'object' ? decodeMessage(wire, type) : wire.toString()
  return repeated || !isEmpty(value) ? value : undefined
}

/** A number may be meant to be 0, but false is what a flag is without being set. */
function numberOf(type: Field['type'], wire: bigint): unknown {
  if (type === 'bool') return wire === 0n ? undefined : true
  return Number(wire)
}

function isEmpty(value: string | object): boolean {
  return typeof value === 'string' ? value === '' : Object.keys(value).length === 0
}

function entryOf(bytes: Buffer, type: 'string' | 'bytes'): object {
  const { key = '', value = '' } = decodeMessage(bytes, {
    1: { name: 'key', type: 'string' },
    2: { name: 'value', type },
  })
  return Object.fromEntries([[key as string, value]])
}

/** See https://protobuf.dev/programming-guides/encoding/; Kubernetes uses these two wire types alone for the served kinds. */
function createReader(bytes: Buffer) {
  let at = 0

  function varint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError('truncated protobuf')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
  }

  function block(): Buffer {
    const length = Number(varint())
    if (length < 0 || at + length > bytes.length) throw new RangeError('truncated protobuf')
    at += length
    return bytes.subarray(at - length, at)
  }

  return {
    more: () => at < bytes.length,
    field(): { number: number; value: Wire } {
      const tag = Number(varint())
      const wireType = tag & 7
      if (wireType !== 0 && wireType !== 2) throw new RangeError(`unknown protobuf wire type ${wireType}`)
      return { number: tag >>> 3, value: wireType === 0 ? varint() : block() }
    },
  }
}
