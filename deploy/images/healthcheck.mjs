// Asks a process of this container how it is, and exits 0 when it answers 2xx:
//
//   node healthcheck.mjs http://127.0.0.1:8080/readiness
//
// There is no curl in the images, nor a shell.
import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'

const TIMEOUT_MS = 4_000

const [url = ''] = process.argv.slice(2)
const get = url.startsWith('https:') ? getHttps : getHttp
// The certificate is made out to the name that others use, and the connection does not leave this container.
get(url, { timeout: TIMEOUT_MS, rejectUnauthorized: false }, ({ statusCode = 0 }) => {
  console.log(`${url} answers ${statusCode}`)
  process.exit(statusCode >= 200 && statusCode < 300 ? 0 : 1)
})
  .on('timeout', () => fail(`no answer in ${TIMEOUT_MS} ms`))
  .on('error', ({ message }) => fail(message))

function fail(why) {
  console.error(`${url}: ${why}`)
  process.exit(1)
}
