import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { serve } from '../helper.ts'
import { createCertificate } from '../stub/certificate.ts'
import { JobStore, type JobStoreOptions } from '../stub/job-store.ts'

/**
 * A stand-in for the API server: real HTTPS and real responses to Opifer's calls at minimal cost. The development cluster
 * validates, applies defaults and keeps history as a real one does, which would dominate the figures on two cores.
 */
export type ApiServerRequest =
  | { kind: 'start'; configMap: object }
  /** Deletes all Jobs and ends all watches. */
  | ({ kind: 'reset' } & JobStoreOptions)
  | { kind: 'count' }

export interface ApiServerResponse {
  url: string
  /** The certificate is its own authority. */
  cert: string
  jobs: number
  conflicts: number
}

let access = { url: '', cert: '' }
let configMaps = ''
let store = new JobStore({})

serve(async (request: ApiServerRequest): Promise<ApiServerResponse> => {
  if (request.kind === 'start') access = await start(request.configMap)
  if (request.kind === 'reset') reset(request)
  return { ...access, jobs: store.size, conflicts: store.conflicts }
})

const watches = new Set<() => void>()

/** Resource versions continue, as on a real server. */
function reset(options: JobStoreOptions): void {
  const { version } = store
  store = new JobStore(options)
  store.version = version
  for (const end of watches) end()
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
    const created = store.create(await text(request))
    if (created === undefined) send(response, 409, ALREADY_THERE)
    else send(response, 201, created)
  } else if (searchParams.has('watch')) {
    watch(pathname.endsWith('/jobs'), searchParams, response)
  } else if (pathname.endsWith('/jobs')) {
    send(response, 200, store.list())
  } else if (pathname.endsWith('/configmaps')) {
    send(response, 200, configMaps)
  } else {
    const job = store.get(pathname.slice(pathname.lastIndexOf('/') + 1))
    send(response, job === undefined ? 404 : 200, job ?? NOT_FOUND)
  }
}

function watch(isOfJobs: boolean, query: URLSearchParams, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  const stop = isOfJobs ? store.watch(Number(query.get('resourceVersion')), (line) => response.write(line)) : () => {}
  const end = () => {
    stop()
    response.end()
  }
  const timer = setTimeout(end, Number(query.get('timeoutSeconds') ?? 60) * 1_000)
  if (isOfJobs) watches.add(end)
  response.once('close', () => {
    clearTimeout(timer)
    stop()
    watches.delete(end)
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
