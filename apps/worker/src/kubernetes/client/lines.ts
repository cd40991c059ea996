/** The lines of a stream of UTF-8, without their line breaks. A last line that is cut off is dropped. */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  for await (const chunk of stream) {
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n')
    pieces.push(first)
    for (const piece of rest) {
      const line = pieces.join('')
      if (line !== '') yield line
      pieces = [piece]
    }
  }
}
