import { scaleLinear } from 'd3-scale'
import { area, line } from 'd3-shape'
import { type Html, html } from './html.ts'
import { scroll } from './scroll.ts'
import { lasting } from '../runs/format.ts'

/** One curve or one layer of bars over the same steps of time as its fellows. */
export interface Series {
  name: string
  /** Class that gives the colour. */
  colour: string
  /** One for each step; null where nothing is known. */
  values: readonly (number | null)[]
  /** Drawn dashed, so that it can be told from its fellow without colours. */
  second?: boolean
}

export interface Plot {
  id: string
  title: string
  /** What the figures are, for the heading's small print. */
  note: string
  kind: 'bars' | 'curves'
  /** When each step begins, in milliseconds since the epoch. */
  steps: readonly number[]
  /** Milliseconds. */
  stepMs: number
  series: readonly Series[]
  format: (value: number) => string
  /** What to say where there is nothing to draw. */
  none: string
}

/** The drawing's own units; it is stretched to the room that it gets, so all words stand outside of it. */
const WIDTH = 600
const HEIGHT = 160
const LINES = 4

/** A plot over time, with its figures as a table for those who can't see it or want them exactly. */
export function plot(spec: Plot): Html {
  const known = spec.series.some(({ values }) => values.some((value) => (value ?? 0) > 0))
  return html`<section class="panel" aria-labelledby="${spec.id}-title">
    <div class="panel-head"><h2 id="${spec.id}-title">${spec.title}</h2><span class="small muted">${spec.note}</span></div>
    ${known ? html`${legend(spec)}${drawing(spec)}${figures(spec)}` : html`<p class="plot-none">${spec.none}</p>`}
  </section>`
}

function legend({ series, kind }: Plot): Html {
  const shape = kind === 'bars' ? '' : 'line'
  return html`<ul class="legend">${series.map(
    ({ name, colour, second }) =>
      html`<li class="${colour}"><span class="swatch ${shape} ${second ? 'second' : ''}"></span>${name}</li>`,
  )}</ul>`
}

function drawing(spec: Plot): Html {
  const top = Math.max(...spec.steps.map((_, step) => heightAt(spec, step)))
  // What is counted comes in whole numbers, so there are no lines between them.
  const lines = Math.min(LINES, Math.ceil(top))
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

/** What stands above one step: layers stand on each other, curves do not. */
function heightAt({ series, kind }: Plot, step: number): number {
  const values = series.map(({ values: all }) => all[step] ?? 0)
  return kind === 'bars' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values)
}

function bars({ series, steps }: Plot, y: Scale): Html[] {
  const width = WIDTH / steps.length
  const gap = Math.min(2, width * 0.2)
  const stacked = steps.map(() => 0)
  return series.map(({ colour, values }) => {
    const path = steps.map((_, step) => {
      const from = stacked[step] ?? 0
      const to = from + (values[step] ?? 0)
      stacked[step] = to
      return to > from
        ? `M${round(step * width + gap / 2)} ${round(y(from))}V${round(y(to))}h${round(width - gap)}V${round(y(from))}z`
        : ''
    })
    return html`<path class="bar ${colour}" d="${path.join('')}"/>`
  })
}

/** Each value holds for the whole of its step, so one that stands alone is a line too. */
function curves({ series, steps }: Plot, y: Scale): Html[] {
  const width = WIDTH / steps.length
  const known = ([, value]: Point) => value !== null
  const x = ([at]: Point) => round(at)
  const height = ([, value]: Point) => round(y(value ?? 0))
  const curve = line<Point>().defined(known).x(x).y(height)
  const below = area<Point>().defined(known).x(x).y0(HEIGHT).y1(height)
  return series.map(({ colour, values, second }, index) => {
    const points = values.flatMap((value, step): Point[] => [
      [step * width, value],
      [(step + 1) * width, value],
    ])
    return html`<g class="${colour}">
      ${index === 0 && html`<path class="area" d="${below(points) ?? ''}"/>`}
      <path class="curve ${second ? 'second' : ''}" d="${curve(points) ?? ''}"/>
    </g>`
  })
}

type Point = [x: number, value: number | null]

/** The column of one step, which tells its figures to a pointer that rests on it. */
function hit(spec: Plot, step: number): Html {
  const width = WIDTH / spec.steps.length
  const told = spec.series.flatMap(({ name, values }) => {
    const value = values[step]
    return value === null || value === undefined || (value === 0 && spec.kind === 'bars')
      ? []
      : [`${name}: ${spec.format(value)}`]
  })
  const title = [stepName(spec.steps[step] ?? 0, spec.stepMs), ...(told.length > 0 ? told : ['nothing'])].join('\n')
  return html`<rect class="hit" x="${round(step * width)}" y="0" width="${round(width)}" height="${HEIGHT}"><title>${title}</title></rect>`
}

function figures(spec: Plot): Html {
  const rows = spec.steps
    .map((at, step) => ({ at, values: spec.series.map(({ values }) => values[step] ?? null) }))
    .filter(({ values }) => values.some((value) => (value ?? 0) > 0))
    .toReversed()
  return html`<details class="more" id="${spec.id}-figures">
    <summary>Figures of ${spec.title.toLowerCase()}</summary>
    ${scroll(
      `Figures of ${spec.title.toLowerCase()}`,
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

/** Five times, evenly apart; the last one is now. */
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

export function count(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(1)
}

export function duration(value: number): string {
  return value === 0 ? '0' : lasting(value)
}
