export {
  type Alertmanager,
  type AlertmanagerOptions,
  findAlertmanager,
  type PostedAlert,
  startAlertmanager,
} from './alertmanager.ts'
export { makeCertificates } from './certificates.ts'
export { findChromium, startBrowser } from './browser.ts'
export { type ManagedProcess, type ProcessOptions, startProcess } from './child-process.ts'
export { eventually, type EventuallyOptions } from './eventually.ts'
export { findExecutable } from './find-executable.ts'
export { type FixtureName, loadFixture } from './fixtures.ts'
export { freePort } from './free-port.ts'
export { connectKube, jobsPath, type Kube, type KubeWatchEvent, type KubeWatchObject } from './kube.ts'
export { type Issuer, type IssuerOptions, startIssuer } from './issuer.ts'
export { type MountedSecret, mountSecret } from './mounted-secret.ts'
export { type OpiferOptions, type OpiferProcess, startDashboard, startIngest, startWorker } from './opifer.ts'
export { type RedisCluster, startRedisCluster } from './redis-cluster.ts'
export { type RedisSentinel, startRedisSentinel } from './redis-sentinel.ts'
export { provideRedis, type ProvidedRedis, type RedisOptions, type RedisServer, startRedis } from './redis-server.ts'
export { statusOf } from './status-of.ts'
export { type Endpoint, startProxy, type TcpProxy } from './tcp-proxy.ts'
