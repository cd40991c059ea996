/** Logs the lines that the tests of the logger check. */
import { createLogger } from '../telemetry/logger.ts'

class ApiError extends Error {
  override name = 'ApiError'
  request = { headers: { authorization: 'Bearer s3cret' } }
  code = 'ECONNREFUSED'
}

const log = createLogger('fixture', 'debug')
const circular = new Error('round')
circular.cause = new Error('and', { cause: circular })

log.trace('not logged')
log.info({ alerts: 2 }, 'plain')
log.error({ err: new ApiError('refused') }, 'request')
log.error({ err: new Error('outer', { cause: new ApiError('inner') }) }, 'cause')
log.error({ err: new Error('outer', { cause: { authorization: 's3cret' } }) }, 'object as cause')
log.error({ err: new AggregateError([new ApiError('first'), new ApiError('second')]) }, 'aggregate')
log.error({ err: circular }, 'circular')
log.error({ err: { authorization: 's3cret' } }, 'thrown object')
log.error({ err: 'text' }, 'thrown text')
log.error({ err: undefined }, 'nothing')
log.error({ err: Object.assign(new Error('coded'), { code: { token: 's3cret' } }) }, 'object as code')
log.info('end')
