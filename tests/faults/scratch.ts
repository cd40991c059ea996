import { openRealCluster } from './real-cluster.ts'
import { connectKube } from '@opifer/testkit'
import { faultOperarios } from './operarios.ts'
setTimeout(() => process.exit(1), 30000)
console.log('a')
const k = await connectKube('/tmp/fr/kc')
console.log('b', k.server, k.namespace)
console.log(await k.call('GET', '/api/v1/namespaces/default/configmaps'))
const c = await openRealCluster('/tmp/fr/kc', { operarios: faultOperarios(), onJob: console.log })
console.log('c', c.api)
await c.stop()
process.exit(0)
