import type { ServerResponse } from 'node:http'
import { fieldsOf, isPresent, itemsOf, textOf } from '../../store/json.ts'
import type { KubeObject, LogChunk } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { isTrue } from '../request-info.ts'
import { badRequest } from '../status.ts'
import { existing } from './read.ts'

interface LogOptions {
  follow: boolean
  timestamps: boolean
  tailLines: number
  limitBytes: number
  since: number
}

export function log(call: Call): Answer {
  const pod = existing(call)
  const container = containerOf(pod, call.query.get('container'))
  if (isTrue(call.query.get('previous'))) {
    throw badRequest(`previous terminated container "${container}" in pod "${pod.metadata.name}" not found`)
  }
  const options = logOptions(call)
  const kept = call.state.logs.read(pod.metadata.uid, container)
  if (!kept && !hasStarted(pod, container)) {
    throw badRequest(`container "${container}" in pod "${pod.metadata.name}" is waiting to start: ContainerCreating`)
  }
  const open = (response: ServerResponse): void => stream(call, { pod, container, options, kept: kept ?? [] }, response)
  return { code: 200, contentType: 'text/plain', open }
}

interface Source {
  pod: KubeObject
  container: string
  options: LogOptions
  kept: readonly LogChunk[]
}

function stream({ state }: Call, { pod, container, options, kept }: Source, response: ServerResponse): void {
  response.flushHeaders()
  const splitter = createLineSplitter()
  const write = createLineWriter(response, options)
  const past = kept.flatMap((chunk) => splitter.push(chunk))
  // A follower gets an unfinished last line once it is complete, everyone else as it is.
  const lines = (options.follow ? past : [...past, ...splitter.end()]).filter(
    (line) => line.time.getTime() >= options.since,
  )
  lines.slice(Math.max(0, lines.length - options.tailLines)).forEach(write)
  if (!options.follow) {
    response.end()
    return
  }
  const onEnd = (): void => {
    splitter.end().forEach(write)
    response.end()
  }
  const onChunk = (chunk: LogChunk): void => splitter.push(chunk).forEach(write)
  state.streams.add('log', response, state.logs.follow(pod.metadata.uid, container, onChunk, onEnd))
}

function createLineWriter(response: ServerResponse, { timestamps, limitBytes }: LogOptions): (line: LogLine) => void {
  let left = limitBytes
  return ({ time, text }) => {
    if (left <= 0) return
    const line = timestamps ? Buffer.concat([Buffer.from(`${time.toISOString()} `), text]) : text
    response.write(line.subarray(0, left))
    left -= line.length
    if (left <= 0) response.end()
  }
}

/** Without a name, the only container. */
function containerOf({ metadata, spec }: KubeObject, wanted: string | null): string {
  const names = [...itemsOf(fieldsOf(spec).initContainers), ...itemsOf(fieldsOf(spec).containers)].map((container) =>
    textOf(fieldsOf(container).name),
  )
  if (wanted) {
    if (!names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`)
    return wanted
  }
  const [only, ...others] = names
  if (only !== undefined && others.length === 0) return only
  throw badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(' ')}]`)
}

/** A container may run without any output. */
function hasStarted({ status }: KubeObject, container: string): boolean {
  const { initContainerStatuses, containerStatuses } = fieldsOf(status)
  return [...itemsOf(initContainerStatuses), ...itemsOf(containerStatuses)].some((item) => {
    const { name, state } = fieldsOf(item)
    return name === container && (isPresent(fieldsOf(state).running) || isPresent(fieldsOf(state).terminated))
  })
}

function logOptions({ query, state }: Call): LogOptions {
  const count = (name: string, min: number): number => {
    const text = query.get(name)
    if (text === null) return Infinity
    const value = Number(text)
    if (!Number.isInteger(value) || value < min) throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}`)
    return value
  }
  const sinceTime = query.get('sinceTime')
  return {
    follow: isTrue(query.get('follow')),
    timestamps: isTrue(query.get('timestamps')),
    tailLines: count('tailLines', 0),
    limitBytes: count('limitBytes', 1),
    since: sinceTime === null ? state.now().getTime() - count('sinceSeconds', 1) * 1000 : Date.parse(sinceTime),
  }
}

/** A line with its newline, if any, and the time of its beginning. */
interface LogLine {
  time: Date
  text: Buffer
}

/** Splits chunks, which end wherever a container's write did, into lines. */
function createLineSplitter(): { push(chunk: LogChunk): LogLine[]; end(): LogLine[] } {
  let begun: LogLine | undefined

  function grow(time: Date, part: Buffer): LogLine {
    return begun ? { time: begun.time, text: Buffer.concat([begun.text, part]) } : { time, text: part }
  }

  return {
    push({ time, data }) {
      const lines: LogLine[] = []
      let from = 0
      for (let at = data.indexOf('\n'); at >= 0; at = data.indexOf('\n', from)) {
        lines.push(grow(time, data.subarray(from, at + 1)))
        begun = undefined
        from = at + 1
      }
      if (from < data.length) begun = grow(time, data.subarray(from))
      return lines
    },
    end() {
      const last = begun
      begun = undefined
      return last ? [last] : []
    },
  }
}
