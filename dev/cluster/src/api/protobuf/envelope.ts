import { decodeMessage, type Message } from './decode.ts'
import { messages } from './messages.ts'

/** What Kubernetes puts before its protobuf documents; see k8s.io/apimachinery/pkg/runtime/serializer/protobuf. */
const MAGIC = Buffer.from('k8s\0')

const envelope: Message = {
  1: { name: 'typeMeta', type: { 1: { name: 'apiVersion', type: 'string' }, 2: { name: 'kind', type: 'string' } } },
  2: { name: 'raw', type: 'bytes' },
  3: { name: 'contentEncoding', type: 'string' },
  4: { name: 'contentType', type: 'string' },
}

/** Reads an object of one of the few kinds that kubectl sends as protobuf. Undefined for all others. */
export function decodeProtobuf(bytes: Buffer): object | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  const { typeMeta, raw } = decodeMessage(bytes.subarray(MAGIC.length), envelope) as {
    typeMeta?: { apiVersion?: string; kind?: string }
    raw?: string
  }
  const message = messages[typeMeta?.kind ?? '']
  return message && { ...typeMeta, ...decodeMessage(Buffer.from(raw ?? '', 'base64'), message) }
}
