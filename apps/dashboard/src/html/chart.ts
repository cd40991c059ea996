import { scaleLinear } from 'd3-scale'
import { area, line } from 'd3-shape'
import { html } from 'hono/html'
import { type Html, scrollable } from './elements.ts'

/** A curve, or a layer of stacked bars. All series of a plot have the same steps. */
export interface Series {
  name: string
  /** CSS class that sets the color. */
  color: string
  /** One per step; null where there is no data. */
  values: readonly (number | null)[]
  /** Drawn dashed, to distinguish two curves without color. */
  dashed?: boolean
}

export interface Plot {
  id: string
  title: string
  /** Small print next to the title: step and range. */
  note: string
  kind: 'bars' | 'curves'
  /** Start of each step, in milliseconds since the epoch. */
  steps: readonly number[]
  /** Milliseconds. */
  stepMs: number
  series: readonly Series[]
  format: (value: number) => string
  /** Shown instead of an empty plot. */
  empty: string
}

/** User units of the SVG. It is stretched to fit, so all text is outside it. */
const WIDTH = 600
const HEIGHT = 160
const MAX_GRID_LINES = 4

/** A plot over time, with the same data as a table for screen readers and exact values. */
export function plot(spec: Plot): Html {
  const hasData = spec.series.some(({ values }) => values.some((value) => (value ?? 0) > 0))
  return html`<section class="panel" aria-labelledby="${spec.id}-title">
    <div class="panel-head"><h2 id="${spec.id}-title">${spec.title}</h2><span class="small muted">${spec.note}</span></div>
    ${hasData ? html`${legend(spec)}${drawing(spec)}${dataTable(spec)}` : html`<p class="plot-empty">${spec.empty}</p>`}
  </section>`
}

function legend({ series, kind }: Plot): Html {
  const shape = kind === 'bars' ? '' : 'line'
  return html`<ul class="legend">${series.map(
    ({ name, color, dashed }) =>
      html`<li class="${color}"><span class="swatch ${shape} ${dashed ? 'dashed' : ''}"></span>${name}</li>`,
  )}</ul>`
}

function drawing(spec: Plot): Html {
  const top = Math.max(...spec.steps.map((_, step) => heightAt(spec, step)))
  // Counts are whole numbers, so no grid lines between them.
  const lines = Math.min(MAX_GRID_LINES, Math.ceil(top))
  const y = scaleLinear([0, top], [HEIGHT, 0]).nice(lines)
  const ticks = y.ticks(lines)
  return html`<div class="plot">
    <div class="plot-area" aria-hidden="true">
      <div class="plot-y">${ticks.toReversed().map((tick) => html`<span>${spec.format(tick)}</span>`)}</div>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" focusable="false">
        ${ticks.map((tick) => html`<path class="grid ${tick === 0 ? 'base' : ''}" d="M0 ${y(tick)}H${WIDTH}"/>`)}
        ${spec.kind === 'bars' ? bars(spec, y) : curves(spec, y)}
        ${spec.steps.map((_, step) => hit(spec, step))}
      </svg>
      <div class="plot-x">${timeTicks(spec).map((text) => html`<span>${text}</span>`)}</div>
    </div>
  </div>`
}

type Scale = (value: number) => number

/** The highest point of a step: bars are stacked, curves are not. */
function heightAt({ series, kind }: Plot, step: number): number {
  const values = series.map(({ values: all }) => all[step] ?? 0)
  return kind === 'bars' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values)
}

function bars({ series, steps }: Plot, y: Scale): Html[] {
  const width = WIDTH / steps.length
  const padding = Math.min(2, width * 0.2)
  const stacked = steps.map(() => 0)
  return series.map(({ color, values }) => {
    const path = steps.map((_, step) => {
      const from = stacked[step] ?? 0
      const to = from + (values[step] ?? 0)
      stacked[step] = to
      return to > from
        ? `M${round(step * width + padding / 2)} ${round(y(from))}V${round(y(to))}h${round(width - padding)}V${round(y(from))}z`
        : ''
    })
    return html`<path class="bar ${color}" d="${path.join('')}"/>`
  })
}

/** Draws each value across its whole step, so that a single value is visible as a line. */
function curves({ series, steps }: Plot, y: Scale): Html[] {
  const width = WIDTH / steps.length
  const hasValue = ([, value]: Point) => value !== null
  const x = ([at]: Point) => round(at)
  const height = ([, value]: Point) => round(y(value ?? 0))
  const curve = line<Point>().defined(hasValue).x(x).y(height)
  const below = area<Point>().defined(hasValue).x(x).y0(HEIGHT).y1(height)
  return series.map(({ color, values, dashed }, index) => {
    const points = values.flatMap((value, step): Point[] => [
      [step * width, value],
      [(step + 1) * width, value],
    ])
    return html`<g class="${color}">
      ${index === 0 && html`<path class="area" d="${below(points) ?? ''}"/>`}
      <path class="curve ${dashed ? 'dashed' : ''}" d="${curve(points) ?? ''}"/>
    </g>`
  })
}

type Point = [x: number, value: number | null]

/** An invisible column over one step, with the values as its tooltip. */
function hit(spec: Plot, step: number): Html {
  const width = WIDTH / spec.steps.length
  const lines = spec.series.flatMap(({ name, values }) => {
    const value = values[step]
    return value === null || value === undefined || (value === 0 && spec.kind === 'bars')
      ? []
      : [`${name}: ${spec.format(value)}`]
  })
  const title = [stepName(spec.steps[step] ?? 0, spec.stepMs), ...(lines.length > 0 ? lines : ['none'])].join('\n')
  return html`<rect class="hit" x="${round(step * width)}" y="0" width="${round(width)}" height="${HEIGHT}"><title>${title}</title></rect>`
}

function dataTable(spec: Plot): Html {
  const rows = spec.steps
    .map((at, step) => ({ at, values: spec.series.map(({ values }) => values[step] ?? null) }))
    .filter(({ values }) => values.some((value) => (value ?? 0) > 0))
    .toReversed()
  return html`<details class="more" id="${spec.id}-data">
    <summary>${spec.title} as a table</summary>
    ${scrollable(
      `${spec.title} as a table`,
      html`<table>
        <thead><tr><th scope="col">From (UTC)</th>${spec.series.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
        <tbody>${rows.map(
          ({ at, values }) =>
            html`<tr><th scope="row" class="nowrap">${stepName(at, spec.stepMs)}</th>${values.map(
              (value) => html`<td class="number">${value === null ? '–' : spec.format(value)}</td>`,
            )}</tr>`,
        )}</tbody>
      </table>`,
    )}
  </details>`
}

const DAY_MS = 24 * 3_600_000

function stepName(at: number, stepMs: number): string {
  const text = new Date(at).toISOString()
  return stepMs >= DAY_MS ? text.slice(0, 10) : `${text.slice(5, 10)} ${text.slice(11, 16)}`
}

/** Five evenly spaced times. The last one is the end of the last step. */
function timeTicks({ steps, stepMs }: Plot): string[] {
  const from = steps[0] ?? 0
  const whole = steps.length * stepMs
  return [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const text = new Date(from + whole * part).toISOString()
    return whole > 2 * DAY_MS ? text.slice(5, 10) : text.slice(11, 16)
  })
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
