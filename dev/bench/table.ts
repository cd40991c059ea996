import type { Figure } from './targets.ts'

const HEADER = ['figure', 'median', 'unit', 'baseline', 'ratio', 'target', '']

/** Figures as a table for people. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = [HEADER, ...figures.map(cells)]
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => align(cell, column, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cells({ id, value, unit, baseline, ratio, target, met }: Figure): string[] {
  const verdict = met === null ? '' : met ? 'met' : 'NOT MET'
  return [id, format(value), unit, format(baseline), format(ratio), target ?? '', verdict]
}

/** Three digits that count are all that a shared machine can tell. */
function format(value: number | null): string {
  if (value === null) return '–'
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}

function align(cell: string, column: number, width: number): string {
  const isNumber = [1, 3, 4].includes(column)
  return isNumber ? cell.padStart(width) : cell.padEnd(width)
}
