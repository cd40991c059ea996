import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Alertmanager, type AlertmanagerOptions, findAlertmanager, startAlertmanager } from './alertmanager.ts'
import { PATIENCE } from './eventually.ts'

const labels = { alertname: 'DiskSpaceLow', instance: 'node-1' }

describe('startAlertmanager', () => {
  beforeEach(({ skip }) => {
    skip(findAlertmanager() === undefined, 'no Alertmanager on the PATH')
  })

  test('Alertmanager sends a posted alert to its webhook', async () => {
    const webhook = await startWebhook()
    const alertmanager = await startForTest({ webhookUrl: webhook.url })
    await alertmanager.postAlerts([{ labels, annotations: { description: 'Disk space is running low' } }])

    const [notification] = await vi.waitFor(() => webhook.received(1), PATIENCE)
    expect(notification).toMatchObject({
      body: { version: '4', receiver: 'openfero', status: 'firing', alerts: [{ status: 'firing', labels }] },
    })
    expect(alertmanager.clusterAddress).toBeUndefined()
    expect(alertmanager.logs.join('\n')).toContain('Starting Alertmanager')
  })

  test('Alertmanager sends an alert that has ended as resolved', async () => {
    const webhook = await startWebhook()
    const alertmanager = await startForTest({ webhookUrl: webhook.url })
    await alertmanager.postAlerts([{ labels }])
    await vi.waitFor(() => webhook.received(1), PATIENCE)
    await alertmanager.postAlerts([{ labels, endsAt: new Date().toISOString() }])

    const [, resolved] = await vi.waitFor(() => webhook.received(2), PATIENCE)
    expect(resolved).toMatchObject({ body: { status: 'resolved', alerts: [{ status: 'resolved', labels }] } })
  })

  test('Alertmanager groups by the given labels and sends the given credentials', async () => {
    const webhook = await startWebhook()
    const alertmanager = await startForTest({
      webhookUrl: webhook.url,
      groupBy: ['instance'],
      httpConfig: { authorization: { credentials: 'secret' } },
    })
    await alertmanager.postAlerts([{ labels }, { labels: { ...labels, instance: 'node-2' } }])

    const notifications = await vi.waitFor(() => webhook.received(2), PATIENCE)
    for (const { authorization } of notifications) expect(authorization).toBe('Bearer secret')
    expect(new Set(notifications.map(({ body }) => body.groupLabels.instance))).toEqual(new Set(['node-1', 'node-2']))
  })

  test('postAlerts throws when Alertmanager rejects an alert', async () => {
    const alertmanager = await startForTest({ webhookUrl: 'http://127.0.0.1:1/' })
    await expect(alertmanager.postAlerts([{ labels: {} }])).rejects.toThrow('Alertmanager replied 400')
  })

  test('two Alertmanagers form a cluster', async () => {
    const webhookUrl = 'http://127.0.0.1:1/'
    const first = await startForTest({ webhookUrl, clusterListen: true })
    const second = await startForTest({ webhookUrl, peers: [first.clusterAddress ?? ''] })

    const addresses = new Set([first.clusterAddress, second.clusterAddress])
    expect(addresses.size).toBe(2)
    await expect.poll(() => peerAddresses(first.url)).toEqual(addresses)
    await expect.poll(() => peerAddresses(second.url)).toEqual(addresses)
  })
})

async function startForTest(options: AlertmanagerOptions): Promise<Alertmanager> {
  const alertmanager = await startAlertmanager(options)
  onTestFinished(() => alertmanager.stop())
  return alertmanager
}

async function peerAddresses(url: string): Promise<Set<string>> {
  const response = await fetch(`${url}/api/v2/status`)
  const { cluster } = (await response.json()) as { cluster: { peers: { address: string }[] } }
  return new Set(cluster.peers.map(({ address }) => address))
}

interface Notification {
  readonly authorization: string | undefined
  readonly body: { readonly groupLabels: Readonly<Record<string, string>> }
}

async function startWebhook() {
  const notifications: Notification[] = []
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      notifications.push({ authorization: request.headers.authorization, body: body as Notification['body'] })
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/alerts`,
    received(count: number): readonly Notification[] {
      expect(notifications).toHaveLength(count)
      return notifications
    },
  }
}
