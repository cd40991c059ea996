import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLines } from './lines.ts'

test.each([
  { stream: ['a\nb\n'], want: ['a', 'b'], what: 'several lines in one chunk' },
  { stream: ['{"type":', '"ADD', 'ED"}\n'], want: ['{"type":"ADDED"}'], what: 'one line in several chunks' },
  { stream: ['a\nb', 'c\n'], want: ['a', 'bc'], what: 'a line that goes on in the next chunk' },
  { stream: ['a', '\n', 'b\n'], want: ['a', 'b'], what: 'a line break that comes alone' },
  { stream: ['\n\na\n\n'], want: ['a'], what: 'empty lines, which are none' },
  { stream: ['a\nb'], want: ['a'], what: 'a last line that is cut off, which is dropped' },
  { stream: [], want: [], what: 'nothing' },
])('reads $what', async ({ stream, want }) => {
  expect(await linesOf(stream.map((text) => Buffer.from(text)))).toEqual(want)
})

test('reads the same lines wherever the stream is cut, inside characters too', async () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'é', '✓', '😀', '"', '\\'), minLength: 1, maxLength: 8 })
  const lines = fc.array(line, { maxLength: 6 })
  const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(lines, sizes, async (want, chunkSizes) => {
      const bytes = Buffer.from(want.map((text) => `${text}\n`).join(''))
      expect(await linesOf([...cut(bytes, chunkSizes)])).toEqual(want)
    }),
  )
})

function* cut(bytes: Buffer, sizes: number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function linesOf(chunks: Uint8Array[]): Promise<string[]> {
  const lines: string[] = []
  const stream = async function* () {
    yield* chunks
  }
  for await (const line of readLines(stream())) lines.push(line)
  return lines
}
