// Checks the health of this container's process, and exits 0 on a 2xx reply:
//
//   node healthcheck.mjs http://127.0.0.1:8080/readiness
//
// The images have no curl and no shell.
import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'

const TIMEOUT_MS = 4_000

const [url = ''] = process.argv.slice(2)
const get = url.startsWith('https:') ? getHttps : getHttp
// The certificate has the public name, and this connection stays within the container.
get(url, { timeout: TIMEOUT_MS, rejectUnauthorized: false }, ({ statusCode = 0 }) => {
  console.log(`${url} replied ${statusCode}`)
  process.exit(statusCode >= 200 && statusCode < 300 ? 0 : 1)
})
  .on('timeout', () => fail(`no reply within ${TIMEOUT_MS} ms`))
  .on('error', ({ message }) => fail(message))

function fail(reason) {
  console.error(`${url}: ${reason}`)
  process.exit(1)
}
