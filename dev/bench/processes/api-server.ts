import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { answer } from '../helper.ts'
import { createCertificate } from '../stub/certificate.ts'
import { JobShelf, type ShelfOptions } from '../stub/job-shelf.ts'

/**
 * Stands in for an API server where what is measured is not the API server: real HTTPS and real answers to the calls that
 * Opifer makes, at as little cost as they can have. The development cluster validates, applies defaults and keeps what a
 * real one keeps, which on a machine of two cores would be most of what is measured.
 */
export type ApiServerQuestion =
  | { kind: 'start'; configMap: object }
  /** Forgets all Jobs. Watches go on. */
  | ({ kind: 'reset' } & ShelfOptions)
  | { kind: 'count' }

export interface ApiServerAnswer {
  url: string
  /** Its own certificate authority. */
  cert: string
  jobs: number
  conflicts: number
}

let access = { url: '', cert: '' }
let configMaps = ''
let shelf = new JobShelf({})

answer(async (question: ApiServerQuestion): Promise<ApiServerAnswer> => {
  if (question.kind === 'start') access = await start(question.configMap)
  if (question.kind === 'reset') renew(question)
  return { ...access, jobs: shelf.size, conflicts: shelf.conflicts }
})

const endings = new Set<() => void>()

/** Versions go on from where they were, as those of a real server do. */
function renew(options: ShelfOptions): void {
  const { version } = shelf
  shelf = new JobShelf(options)
  shelf.version = version
  for (const end of endings) end()
}

async function start(configMap: object): Promise<{ url: string; cert: string }> {
  const { cert, key } = await createCertificate()
  configMaps = JSON.stringify({ kind: 'ConfigMapList', metadata: { resourceVersion: '1' }, items: [configMap] })
  const server = createServer({ cert, key }, (request, response) => void handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, cert }
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://127.0.0.1')
  if (request.method === 'POST') {
    const created = shelf.create(await text(request))
    if (created === undefined) send(response, 409, ALREADY_THERE)
    else send(response, 201, created)
  } else if (searchParams.has('watch')) {
    watch(pathname.endsWith('/jobs'), searchParams, response)
  } else if (pathname.endsWith('/jobs')) {
    send(response, 200, shelf.list())
  } else if (pathname.endsWith('/configmaps')) {
    send(response, 200, configMaps)
  } else {
    const job = shelf.get(pathname.slice(pathname.lastIndexOf('/') + 1))
    send(response, job === undefined ? 404 : 200, job ?? NOT_FOUND)
  }
}

function watch(isOfJobs: boolean, query: URLSearchParams, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  const stop = isOfJobs ? shelf.watch(Number(query.get('resourceVersion')), (line) => response.write(line)) : () => {}
  const end = () => {
    stop()
    response.end()
  }
  const timer = setTimeout(end, Number(query.get('timeoutSeconds') ?? 60) * 1_000)
  if (isOfJobs) endings.add(end)
  response.once('close', () => {
    clearTimeout(timer)
    stop()
    endings.delete(end)
  })
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

const ALREADY_THERE = failure(409, 'AlreadyExists')
const NOT_FOUND = failure(404, 'NotFound')

function failure(code: number, reason: string): string {
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason })
}
