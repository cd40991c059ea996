export interface TableOptions {
  /** Indexes of the columns to align to the right. */
  readonly numbers?: readonly number[]
}

/** Rows as text in aligned columns. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { numbers = [] }: TableOptions = {},
): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const format = (row: readonly string[]) => {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? ''
      return numbers.includes(column) ? cell.padStart(width) : cell.padEnd(width)
    })
    return cells.join('  ').trimEnd()
  }
  const rule = format(widths.map((width) => '─'.repeat(width)))
  return [format(header), rule, ...rows.map(format)].join('\n')
}
