import { describe, expect, it } from 'vitest'
import { decodeProtobuf } from './envelope.ts'

const field = (number: number, ...content: Buffer[]): Buffer => {
  const bytes = Buffer.concat(content)
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}
const text = (number: number, value: string): Buffer => field(number, Buffer.from(value))
const varint = (number: number, ...bytes: number[]): Buffer => Buffer.from([number << 3, ...bytes])
const document = (kind: string, ...raw: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, text(1, 'v1'), text(2, kind)),
    field(2, ...raw),
    text(3, ''),
    text(4, ''),
  ])

describe('a document in protobuf', () => {
  it('becomes what it would be in JSON, without the fields that are empty', () => {
    const metadata = field(1, text(1, 'a'), text(2, ''), field(8), field(11, text(1, 'key'), text(2, 'value')))
    const data = [field(2, text(1, 'x'), text(2, '1')), field(2, text(1, 'y')), field(3, text(1, 'z'), text(2, '\0'))]
    expect(decodeProtobuf(document('ConfigMap', metadata, ...data))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', labels: { key: 'value' } },
      data: { x: '1', y: '' },
      binaryData: { z: 'AA==' },
    })
  })

  it('keeps lists, and numbers that are 0 or below', () => {
    const falseTty = Buffer.from([0x90, 0x01, 0])
    const container = field(2, text(1, 'main'), text(3, 'sh'), text(3, ''), falseTty)
    const minusOne = [...Array.from({ length: 9 }, () => 0xff), 0x01]
    const spec = field(2, varint(1, 0), varint(7, ...minusOne), varint(8, 0xac, 0x02), field(6, field(2, container)))
    expect(decodeProtobuf(document('Job', spec))).toMatchObject({
      spec: {
        parallelism: 0,
        backoffLimit: -1,
        ttlSecondsAfterFinished: 300,
        template: { spec: { containers: [{ name: 'main', command: ['sh', ''] }] } },
      },
    })
  })

  it('of another kind, or without its mark, is not read', () => {
    expect(decodeProtobuf(document('Secret'))).toBeUndefined()
    expect(decodeProtobuf(Buffer.from('{}'))).toBeUndefined()
  })

  it.each([
    ['a field nobody knows', document('Namespace', field(9))],
    ['a wire type nobody uses', document('Namespace', Buffer.from([0x0d]))],
    ['too short a text', Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x0a, 0x7f])])],
    ['too short a number', Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0xff])])],
  ])('with %s is refused', (_, bytes) => {
    expect(() => decodeProtobuf(bytes)).toThrow(RangeError)
  })
})
