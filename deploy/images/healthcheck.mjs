// Exits 0 if a URL in this container replies 2xx:
//
//   node healthcheck.mjs http://127.0.0.1:8080/readiness
//
// The images contain neither curl nor a shell.
import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'

const TIMEOUT_MS = 4_000

const [url = ''] = process.argv.slice(2)
const get = url.startsWith('https:') ? getHttps : getHttp
// The certificate is for the public name. The connection does not leave this container.
get(url, { timeout: TIMEOUT_MS, rejectUnauthorized: false }, ({ statusCode = 0 }) => {
  console.log(`${url} replied ${statusCode}`)
  process.exit(statusCode >= 200 && statusCode < 300 ? 0 : 1)
})
  .on('timeout', () => fail(`no reply in ${TIMEOUT_MS} ms`))
  .on('error', ({ message }) => fail(message))

function fail(message) {
  console.error(`${url}: ${message}`)
  process.exit(1)
}
