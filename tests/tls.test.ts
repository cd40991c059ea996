/** Ingest with TLS and required client certificates: what a real Alertmanager and a kubelet can do. */
import { request, type RequestOptions } from 'node:https'
import {
  findAlertmanager,
  makeCertificates,
  mountSecret,
  PATIENCE,
  startAlertmanager,
  startIngest,
  startIssuer,
  startRedis,
  statusOf,
} from '@opifer/testkit'
import { expect, onTestFinished, test, vi } from 'vitest'

const isMissing = findAlertmanager() === undefined
if (isMissing) console.warn('Alertmanager is not on the PATH: its webhooks over TLS are not tested.')

type Certificates = Awaited<ReturnType<typeof makeCertificates>>

async function startIngestWithTls(certificates: Certificates) {
  const redis = await startRedis()
  const issuer = await startIssuer()
  const client = await certificates.client('alertmanager')
  const secret = await mountSecret({
    ...filesOf(certificates),
    clientCert: client.cert,
    clientKey: client.key,
    token: await issuer.sign(),
  })
  const ingest = await startIngest({
    redisUrl: redis.url,
    flags: [
      '--logLevel=debug',
      '--operationsAddr=127.0.0.1:0',
      `--tlsCert=${secret.path('cert')}`,
      `--tlsKey=${secret.path('key')}`,
      `--tlsClientCa=${secret.path('ca')}`,
      '--authMethod=jwt',
      `--authJwtIssuer=${issuer.url}`,
      '--authJwtAudience=opifer',
    ],
  })
  onTestFinished(async () => {
    await ingest.stop()
    await Promise.all([issuer.stop(), redis.stop(), secret.remove()])
  })
  const { port } = JSON.parse(await ingest.waitForLine(/operations server listening/)) as { port: number }
  return { ingest, secret, client, operations: `http://127.0.0.1:${port}` }
}

const filesOf = ({ server, ca }: Certificates) => ({ cert: server.cert, key: server.key, ca })

function get(url: string, options: RequestOptions): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  request(url, { agent: false, ...options }, (response) => resolve(response.resume().statusCode))
    .on('error', reject)
    .end()
  return promise
}

test('probes need no client certificate on their own port, everything else does', async () => {
  const certificates = await makeCertificates()
  const { ingest, client, operations } = await startIngestWithTls(certificates)
  for (const path of ['/healthz', '/readiness', '/metrics']) expect(await statusOf(`${operations}${path}`)).toBe(200)
  expect(await statusOf(`${operations}/alerts`, { method: 'POST' })).toBe(404)

  const trusted = { ca: certificates.ca }
  expect(ingest.url).toMatch(/^https:/)
  expect(await get(`${ingest.url}/alerts`, { ...trusted, ...client })).toBe(200)
  expect(await get(`${ingest.url}/metrics`, { ...trusted, ...client })).toBe(404)
  await expect(get(`${ingest.url}/alerts`, trusted)).rejects.toThrow(/certificate required|ECONNRESET|socket hang up/)
})

test('renewed certificates take effect without a restart, and no key is logged', async () => {
  const [first, second] = await Promise.all([makeCertificates(), makeCertificates()])
  const { ingest, secret, client } = await startIngestWithTls(first)
  expect(await get(`${ingest.url}/alerts`, { ca: first.ca, ...client })).toBe(200)
  await secret.update(filesOf(second))
  const renewed = { ca: second.ca, ...(await second.client('alertmanager')) }
  await expect.poll(() => get(`${ingest.url}/alerts`, renewed)).toBe(200)
  expect(ingest.lines.join('\n')).not.toMatch(/PRIVATE KEY|BEGIN/)
})

test.skipIf(isMissing)('Alertmanager posts with its client certificate and a token from a file', async () => {
  const certificates = await makeCertificates()
  const { ingest, secret, operations } = await startIngestWithTls(certificates)
  const alertmanager = await startAlertmanager({
    webhookUrl: `${ingest.url}/alerts`,
    httpConfig: {
      authorization: { credentials_file: secret.path('token') },
      tls_config: {
        ca_file: secret.path('ca'),
        cert_file: secret.path('clientCert'),
        key_file: secret.path('clientKey'),
      },
    },
  })
  onTestFinished(() => alertmanager.stop())
  await alertmanager.postAlerts([{ labels: { alertname: 'DiskSpaceLow' } }])
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`${operations}/metrics`)).text()
    expect(metrics).toMatch(/opifer_webhooks_total\{code="202"\} 1/)
  }, PATIENCE)
})
