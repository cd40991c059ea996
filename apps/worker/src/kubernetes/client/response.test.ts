import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLines, readWarnings } from './response.ts'

test.each([
  { stream: ['a\nb\n'], want: ['a', 'b'], what: 'several lines in one chunk' },
  { stream: ['{"type":', '"ADD', 'ED"}\n'], want: ['{"type":"ADDED"}'], what: 'one line in several chunks' },
  { stream: ['a\nb', 'c\n'], want: ['a', 'bc'], what: 'a line that continues in the next chunk' },
  { stream: ['a', '\n', 'b\n'], want: ['a', 'b'], what: 'a line break in a chunk of its own' },
  { stream: ['\n\na\n\n'], want: ['a'], what: 'no empty lines' },
  { stream: ['a\nb'], want: ['a'], what: 'no unterminated last line' },
  { stream: [], want: [], what: 'an empty stream' },
])('readLines reads $what', async ({ stream, want }) => {
  expect(await linesOf(stream.map((text) => Buffer.from(text)))).toEqual(want)
})

test('readLines reads the same lines wherever the stream is cut, even inside characters', async () => {
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

test.each([
  { header: undefined, want: [] },
  { header: '299 - "a field is deprecated"', want: ['a field is deprecated'] },
  { header: ['299 - "one"', '299 - "two"'], want: ['one', 'two'] },
  { header: '299 - "one, two", 299 proxy:80 "three"', want: ['one, two', 'three'] },
  { header: '299 - "with a date" "Mon, 23 Nov 2026 04:00:00 GMT"', want: ['with a date'] },
  {
    header: String.raw`299 - "violates \"restricted\" by C:\\"`,
    want: [String.raw`violates "restricted" by C:\ `.trim()],
  },
  { header: String.raw`299 - "quotes 299 - \"this\""`, want: ['quotes 299 - "this"'] },
  { header: '199 - "from a cache", 299 - ""', want: [] },
  { header: ['299 - "not closed', 'no warning', '299 - "one"'], want: ['one'] },
])('readWarnings reads $want from $header', ({ header, want }) => {
  expect(readWarnings(header)).toEqual(want)
})

function* cut(bytes: Buffer, sizes: number[]): Generator<Buffer> {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
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
