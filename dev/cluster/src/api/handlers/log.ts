import type { ServerResponse } from 'node:http'
import { fieldsOf, isPresent, itemsOf, textOf } from '../../store/json.ts'
import type { KubeObject, LogChunk } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { isTrue } from '../request-info.ts'
import { badRequest } from '../status.ts'
import { existing } from './read.ts'

export function log(call: Call): Answer {
  const { query, state } = call
  const pod = existing(call)
  const container = containerOf(pod, query.get('container'))
  const unsupported = ['previous', 'sinceSeconds', 'sinceTime', 'timestamps'].find((name) => isSet(query.get(name)))
  if (unsupported) throw badRequest(`the development cluster does not support ${unsupported}`)
  const options = {
    follow: isTrue(query.get('follow')),
    tailLines: count(query, 'tailLines', 0),
    limitBytes: count(query, 'limitBytes', 1),
  }
  const kept = state.logs.read(pod.metadata.uid, container)
  if (!kept && !hasStarted(pod, container)) {
    throw badRequest(`container "${container}" in pod "${pod.metadata.name}" is waiting to start: ContainerCreating`)
  }
  const past = lastLines(Buffer.concat((kept ?? []).map(({ data }) => data)), options.tailLines)
  const open = (response: ServerResponse): void => {
    response.flushHeaders()
    const write = createLimitedWriter(response, options.limitBytes)
    write(past)
    if (!options.follow) return void response.end()
    const onChunk = ({ data }: LogChunk): void => write(data)
    state.streams.add(
      'log',
      response,
      state.logs.follow(pod.metadata.uid, container, onChunk, () => response.end()),
    )
  }
  return { code: 200, contentType: 'text/plain', open }
}

const isSet = (value: string | null): boolean => value !== null && value !== 'false'

function lastLines(text: Buffer, max: number): Buffer {
  if (max === Infinity) return text
  let start = text.length
  for (let lines = 0; lines < max && start > 0; lines += 1) {
    // The byte before `start` ends the line before.
    start = start === 1 ? 0 : text.lastIndexOf('\n', start - 2) + 1
  }
  return text.subarray(start)
}

function createLimitedWriter(response: ServerResponse, limitBytes: number): (text: Buffer) => void {
  let left = limitBytes
  return (text) => {
    if (left <= 0) return
    response.write(text.subarray(0, left))
    left -= text.length
    if (left <= 0) response.end()
  }
}

function count(query: URLSearchParams, name: string, min: number): number {
  const text = query.get(name)
  if (text === null) return Infinity
  const value = Number(text)
  if (!Number.isInteger(value) || value < min) throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}`)
  return value
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
