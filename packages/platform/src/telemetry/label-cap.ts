/** What stands for all values that are one too many. */
export const OTHER = 'other'

/**
 * Keeps a label that outsiders choose from growing without bound: so many values are told apart as they come, any further
 * one is `other`. Prometheus pays for every value that it has ever seen.
 */
export function createLabelCap(most: number): (value: string) => string {
  const known = new Set<string>()
  return (value) => {
    // Two lone surrogates would be written as the same character, and the whole scrape be refused for the repetition.
    const text = value.toWellFormed()
    if (known.has(text)) return text
    if (known.size >= most || text.length > MAX_LENGTH) return OTHER
    known.add(text)
    return text
  }
}

const MAX_LENGTH = 200
