export {
  type Alertmanager,
  type AlertmanagerOptions,
  findAlertmanager,
  type PostedAlert,
  startAlertmanager,
} from './alertmanager.ts'
export { makeCertificates } from './network/certificates.ts'
export { findChromium, startBrowser } from './browser.ts'
export { type ManagedProcess, type ProcessOptions, startProcess } from './process/child-process.ts'
export { eventually, type EventuallyOptions, PATIENCE } from './eventually.ts'
export { findExecutable } from './process/executable.ts'
export { type FixtureName, loadFixture } from './fixtures.ts'
export { freePort } from './network/port.ts'
export { connectKube, jobsPath, type Kube, type KubeWatchEvent, type KubeWatchObject } from './network/kube.ts'
export { type Issuer, type IssuerOptions, startIssuer } from './network/issuer.ts'
export { type MountedSecret, mountSecret } from './mounted-secret.ts'
export { type OpiferOptions, type OpiferProcess, startDashboard, startIngest, startWorker } from './process/opifer.ts'
export { type RedisCluster, startRedisCluster } from './redis/cluster.ts'
export { type RedisSentinel, startRedisSentinel } from './redis/sentinel.ts'
export { provideRedis, type ProvidedRedis, type RedisOptions, type RedisServer, startRedis } from './redis/server.ts'
export { formatTable } from './table.ts'
export { statusOf } from './network/status-of.ts'
export { type Endpoint, startProxy, type TcpProxy } from './network/proxy.ts'
