/** Who can reach what in production: by Ingress, Prometheus and network policies. */
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import { beforeAll, describe, expect, test } from 'vitest'
import { kustomizeIsMissing, type Manifest, render } from './kustomize.ts'
import { admittedTo, operationsPort, probedPorts, routesOf, scrapedPorts } from './network.ts'

describe.skipIf(kustomizeIsMissing())('overlay prod', () => {
  let manifests: Manifest[]
  let deployments: IDeployment[]
  beforeAll(async () => {
    manifests = await render('overlays/prod')
    deployments = manifests.filter(({ kind }) => kind === 'Deployment') as unknown as IDeployment[]
  })

  test('network policies admit the Ingress controller wherever an Ingress routes to', () => {
    const routes = routesOf(manifests)
    expect(routes.map(({ path, deployment }) => [path, deployment])).toEqual([
      ['/alerts', 'ingest'],
      ['/', 'dashboard'],
    ])
    for (const route of routes) expect(admittedTo(manifests, route), route.path).toContain('ingress-nginx')
  })

  test('no Ingress path leads to the unauthenticated metrics', () => {
    const open = routesOf(manifests).filter(({ path, pathType, deployment, port }) => {
      const isCovered = pathType === 'Exact' ? path === '/metrics' : '/metrics'.startsWith(path)
      return (
        isCovered && deployments.map(operationsPort).some((one) => one.deployment === deployment && one.port === port)
      )
    })
    expect(open).toEqual([])
  })

  test('each app is probed and scraped on its operations port, which admits Prometheus', () => {
    const ports = deployments.map(operationsPort)
    expect(ports.map(({ deployment }) => deployment).sort()).toEqual(['dashboard', 'ingest', 'worker'])
    expect(scrapedPorts(manifests)).toEqual(expect.arrayContaining(ports))
    expect(scrapedPorts(manifests)).toHaveLength(ports.length)
    for (const deployment of deployments) {
      const port = operationsPort(deployment)
      expect(probedPorts(deployment)).toEqual([port, port, port])
      expect(admittedTo(manifests, port)).toContain('monitoring')
    }
  })

  test('a port that serves only operations admits Prometheus alone', () => {
    const alone = deployments.map(operationsPort).filter(({ deployment }) => deployment !== 'ingest')
    expect(alone.map((port) => admittedTo(manifests, port))).toEqual([['monitoring'], ['monitoring']])
  })
})
