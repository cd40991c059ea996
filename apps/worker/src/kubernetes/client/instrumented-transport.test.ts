import { NO_TRACING } from '@opifer/platform/telemetry'
import { expect, test } from 'vitest'
import { readableMetrics } from '../../testing/builders.ts'
import { makeKubeConfig, makeTransport } from '../../testing/cluster.ts'
import { startServer } from '../../testing/server.ts'
import { describeCall, instrumentTransport } from './instrumented-transport.ts'

test.each([
  { method: 'POST', path: '/apis/batch/v1/namespaces/a/jobs', want: 'create jobs' },
  { method: 'GET', path: '/apis/batch/v1/namespaces/a/jobs/jobs', want: 'get jobs' },
  { method: 'GET', path: '/apis/batch/v1/namespaces/a/jobs', want: 'list jobs' },
  { method: 'GET', path: '/api/v1/namespaces/a/configmaps', query: { watch: true }, want: 'watch configmaps' },
  { method: 'GET', path: '/api/v1/namespaces/a/pods/p/log', want: 'get pods/log' },
  { method: 'PATCH', path: '/api/v1/namespaces/a/events/e', want: 'patch events' },
] as const)('$method $path is described as $want', ({ want, ...call }) => {
  const { verb, resource } = describeCall(call)
  expect(`${verb} ${resource}`).toBe(want)
})

test('calls are counted by the status code of their response, or as <error> without one', async () => {
  const codes = [200, 404, 503]
  const server = await startServer((request, response) => {
    const code = codes.shift()
    if (code === undefined) request.socket.destroy()
    else response.writeHead(code).end('{}')
  })
  const { metrics, read } = readableMetrics()
  const transport = makeTransport(makeKubeConfig(server.url))
  const send = instrumentTransport(transport, { onCall: metrics.called, tracing: NO_TRACING })
  const call = { method: 'GET', path: '/apis/batch/v1/namespaces/a/jobs' } as const
  for (let count = 0; count < 3; count++) await (await send(call)).body.dump()
  await expect(send(call)).rejects.toThrow(/closed|reset|hang up/)
  expect(await read('opifer_kube_api_requests_total')).toEqual({
    'list,jobs,200': 1,
    'list,jobs,404': 1,
    'list,jobs,503': 1,
    'list,jobs,<error>': 1,
  })
  expect(await read('opifer_kube_api_request_duration_seconds')).toMatchObject({ '15,list,jobs': 4 })
})
